#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tests {

// Pseudo-random numbers from integer arithmetic alone: the same bits with every compiler and library.
class Random {
public:
    explicit Random(uint64_t seed) : m_state(seed) {}
    uint64_t next();  // splitmix64
    uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }
    float gaussian();   // mean 0, variance 1 within a percent: twelve 16-bit uniforms added up, exactly
    float heavyTail();  // random sign and mantissa, exponent falling off over some 40 octaves

private:
    uint64_t m_state;
};

std::vector<float> gaussians(size_t elements, uint64_t seed, float scale = 1);
std::vector<float> laplaces(size_t elements, uint64_t seed);  // exponential tails on both sides

struct Sample {
    std::string name;
    std::vector<float> values;
};

// Data of every awkward kind, of about the given size: zeros, constants, denormals, NaN, Inf, heavy tails,
// extremes.
std::vector<Sample> awkwardSamples(size_t elements);

// Sizes around every boundary: 0, 1, subgroup and workgroup plus and minus one, a block of 8192, a prime.
const std::vector<size_t>& awkwardSizes();

}  // namespace tests
