#pragma once

#include <array>
#include <cstdint>

namespace quant {

// Philox4x32-10, a counter-based random number generator: a bijection of counters that is keyed and mixes
// them in ten rounds, without state. Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel
// Random Numbers: As Easy as 1, 2, 3", SC 2011, section 4.3. shaders/compute/philox.glsl computes the same
// bits.
using PhiloxCounter = std::array<uint32_t, 4>;
using PhiloxKey = std::array<uint32_t, 2>;

constexpr PhiloxCounter philox(PhiloxCounter counter, PhiloxKey key) {
    constexpr uint64_t multiplierA = 0xd2511f53u, multiplierB = 0xcd9e8d57u;
    constexpr uint32_t golden = 0x9e3779b9u, rootThree = 0xbb67ae85u;  // Weyl increments of the key
    for (int round = 0; round < 10; ++round) {
        const uint64_t a = multiplierA * counter[0], b = multiplierB * counter[2];
        counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
                   static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
        key = {key[0] + golden, key[1] + rootThree};
    }
    return counter;
}

// 32 random bits for each element of a tensor: lane element % 4 of counter element / 4 under the seed as key.
// The same for every split into chunks, order and device.
constexpr uint32_t philoxBits(uint64_t seed, uint64_t element) {
    const uint64_t block = element / 4;
    const PhiloxCounter counter = {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0};
    const PhiloxKey key = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
    return philox(counter, key)[element % 4];
}

// Uniform in [0, 1), a multiple of 2^-24: exact in float.
constexpr float philoxUniform(uint64_t seed, uint64_t element) {
    return static_cast<float>(philoxBits(seed, element) >> 8) * 0x1p-24f;
}

}  // namespace quant
