#pragma once

#include "quant/wide_int.h"

#include <bit>
#include <cstdint>

namespace quant {

// The magnitudes of binary32 as ordered integers: bit pattern m of |x|, 0 (zero) to 0x7f7fffff (largest
// finite).

constexpr uint32_t largestFiniteBits = 0x7f7fffffu;
constexpr uint32_t infinityBits = 0x7f800000u;

constexpr uint32_t magnitudeBits(float x) {
    return std::bit_cast<uint32_t>(x) & 0x7fffffffu;
}
constexpr float fromBits(uint32_t bits) {
    return std::bit_cast<float>(bits);
}

// A finite magnitude is significand * 2^shift units of 2^-149 (the smallest subnormal).
constexpr uint32_t significandOf(uint32_t bits) {
    return bits >> 23 ? (bits & 0x7fffffu) | 0x800000u : bits;
}
constexpr uint32_t shiftOf(uint32_t bits) {
    return bits >> 23 ? (bits >> 23) - 1 : 0;
}

// The finite magnitude in units of 2^-149, exactly.
constexpr WideInt inUnits(uint32_t bits) {
    return WideInt().addShifted(significandOf(bits), shiftOf(bits));
}

// 2^149 and 2^-149.
constexpr long double unitsPerOne = 0x1p149L;
constexpr long double oneUnit = 0x1p-149L;

}  // namespace quant
