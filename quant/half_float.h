#pragma once

#include "quant/float_bits.h"

#include <cstdint>

namespace quant {

// binary16 and bfloat16 as bits, to and from binary32, and tf32.

// Exact; NaNs stay NaNs.
constexpr float floatFromHalf(uint16_t half) {
    const uint32_t magnitude = half & 0x7fffu;
    const uint32_t normal = (magnitude << 13) + (magnitude >= 0x7c00u ? 0x70000000u : 0x38000000u);
    const float value = magnitude < 0x400u ? static_cast<float>(magnitude) * 0x1p-24f : fromBits(normal);
    return half >> 15 ? -value : value;
}
constexpr float floatFromBfloat(uint16_t bfloat) {
    return fromBits(uint32_t{bfloat} << 16);
}

// To nearest, ties to even; too large a number becomes infinite.
constexpr uint16_t halfFromFloat(float x) {
    constexpr uint32_t least = 0x38800000u;     // 2^-14, the least normal number
    constexpr uint32_t overflow = 0x477ff000u;  // 65520, halfway from the largest to the next
    const uint32_t sign = std::bit_cast<uint32_t>(x) >> 16 & 0x8000u, magnitude = magnitudeBits(x);
    uint32_t rounded = ((magnitude + 0xfffu + (magnitude >> 13 & 1u)) - 0x38000000u) >> 13;
    // The sum is rounded to multiples of 2^-24, a half's subnormals.
    if (magnitude < least)
        rounded = std::bit_cast<uint32_t>(fromBits(magnitude) + 0.5f) - std::bit_cast<uint32_t>(0.5f);
    if (magnitude >= overflow) rounded = magnitude > infinityBits ? 0x7e00u : 0x7c00u;
    return static_cast<uint16_t>(sign | rounded);
}
constexpr uint16_t bfloatFromFloat(float x) {
    const auto bits = std::bit_cast<uint32_t>(x);
    if (magnitudeBits(x) > infinityBits) return static_cast<uint16_t>(bits >> 16 | 0x40u);
    return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

// Rounded to the 10 bits of mantissa of tf32, to nearest, ties to even; NaN and infinity stay.
constexpr float tf32FromFloat(float x) {
    const auto bits = std::bit_cast<uint32_t>(x);
    if (magnitudeBits(x) >= infinityBits) return x;
    return fromBits((bits + 0xfffu + (bits >> 13 & 1u)) & 0xffffe000u);
}

}  // namespace quant
