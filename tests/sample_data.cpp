#include "tests/sample_data.h"

#include <bit>
#include <cmath>
#include <functional>
#include <limits>

namespace tests {

uint64_t Random::next() {
    m_state += 0x9e3779b97f4a7c15u;
    uint64_t z = m_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

float Random::gaussian() {
    int32_t sum = 0;
    for (int i = 0; i < 3; ++i) {
        const uint64_t word = next();
        for (int j = 0; j < 4; ++j) sum += static_cast<int32_t>(word >> (16 * j) & 0xffff);
    }
    // The low bits fill the significand, so that values seldom repeat.
    return static_cast<float>(sum - 6 * 65535) * 0x1p-16f + static_cast<float>(next() >> 40) * 0x1p-40f;
}

float Random::heavyTail() {
    const uint64_t word = next();
    const auto octave = static_cast<uint32_t>(std::countl_zero(word | 1) * 2 / 3);
    const auto fraction = static_cast<uint32_t>(next() >> 41);
    const auto sign = static_cast<uint32_t>(word & 1) << 31;
    return std::bit_cast<float>(sign | (120 + octave) << 23 | fraction);
}

std::vector<float> gaussians(size_t elements, uint64_t seed, float scale) {
    Random random(seed);
    std::vector<float> values(elements);
    for (float& x : values) x = scale * random.gaussian();
    return values;
}

std::vector<float> laplaces(size_t elements, uint64_t seed) {
    Random random(seed);
    std::vector<float> values(elements);
    for (float& x : values) {
        const double u = (static_cast<double>(random.next() >> 12) + 0.5) * 0x1p-52;
        x = static_cast<float>(-std::log(u) * (random.next() & 1 ? 1 : -1));
    }
    return values;
}

std::vector<Sample> awkwardSamples(size_t elements) {
    constexpr float infinity = std::numeric_limits<float>::infinity(),
                    nan = std::numeric_limits<float>::quiet_NaN();
    constexpr float unit = std::numeric_limits<float>::denorm_min(),
                    largest = std::numeric_limits<float>::max();
    std::vector<Sample> samples;
    Random random(elements);
    const auto add = [&](const char* name, const std::function<float(size_t)>& make) {
        Sample& sample = samples.emplace_back(name, std::vector<float>(elements));
        for (size_t i = 0; i < elements; ++i) sample.values[i] = make(i);
    };
    const auto sign = [&] { return random.next() & 1 ? 1.0f : -1.0f; };
    add("zeros", [](size_t) { return 0.0f; });
    add("zeros of both signs", [&](size_t) { return sign() * 0.0f; });
    add("constant", [](size_t) { return 0.7f; });
    add("negative constant", [](size_t) { return -3.0f; });
    add("two values", [&](size_t i) { return i % 7 ? 0.125f : -9.0f; });
    add("three values and zeros", [&](size_t) { return sign() * static_cast<float>(random.below(4)); });
    add("gaussian", [&](size_t) { return random.gaussian(); });
    add("positive", [&](size_t) { return std::fabs(random.gaussian()); });
    add("negative", [&](size_t) { return -std::fabs(random.gaussian()); });
    add("sparse", [&](size_t i) { return i % 50 ? 0.0f : random.gaussian(); });
    add("heavy tail", [&](size_t) { return random.heavyTail(); });
    add("far outlier", [&](size_t i) { return i ? 0.01f * random.gaussian() : 10000.0f; });
    add("denormals", [&](size_t) { return sign() * unit * static_cast<float>(1 + random.below(0x7ffffe)); });
    add("few denormals", [&](size_t) { return sign() * unit * static_cast<float>(1 + random.below(900)); });
    add("few denormals and zeros",
        [&](size_t i) { return i % 3 ? 0.0f : sign() * unit * static_cast<float>(1 + random.below(900)); });
    add("small normals and denormals", [&](size_t) { return 0x1p-126f * random.gaussian(); });
    add("huge",
        [&](size_t) { return sign() * (largest * (static_cast<float>(1 + random.below(256)) / 256)); });
    add("largest", [&](size_t) { return sign() * largest; });
    add("NaN alone", [&](size_t) { return sign() * nan; });
    add("Inf alone", [&](size_t) { return sign() * infinity; });
    add("gaussian with NaN and Inf", [&](size_t i) {
        return i % 5 == 1 ? sign() * infinity : i % 7 == 2 ? nan : random.gaussian();
    });
    add("all bit patterns",
        [&](size_t) { return std::bit_cast<float>(static_cast<uint32_t>(random.next() >> 32)); });
    return samples;
}

const std::vector<size_t>& awkwardSizes() {
    static const std::vector<size_t> sizes = {0, 1, 7, 8, 9, 31, 33, 255, 256, 257, 8191, 8192, 8193, 100003};
    return sizes;
}

}  // namespace tests
