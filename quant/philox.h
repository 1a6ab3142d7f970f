#pragma once

#include <array>
#include <cstdint>

namespace quant {

// Philox4x32-10, a counter-based random number generator: the same counter and key give the same bits
// everywhere. Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011. In
// step with shaders/compute/philox.glsl.
constexpr std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
    constexpr int rounds = 10;
    for (int round = 0; round < rounds; ++round) {
        const uint64_t first = uint64_t{0xd2511f53u} * counter[0],
                       second = uint64_t{0xcd9e8d57u} * counter[2];
        const auto high = [](uint64_t product) { return static_cast<uint32_t>(product >> 32); };
        counter = {high(second) ^ counter[1] ^ key[0], static_cast<uint32_t>(second),
                   high(first) ^ counter[3] ^ key[1], static_cast<uint32_t>(first)};
        key = {key[0] + 0x9e3779b9u, key[1] + 0xbb67ae85u};
    }
    return counter;
}

}  // namespace quant
