#include "quant/philox.h"
#include "quant/quantize_pass.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/number_format_cases.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{64} << 20, scarceBytes = uint64_t{1} << 18;

std::vector<float> rounded(const MemoryTensor& tensor, const ClippedGrid& grid, uint64_t seed,
                           uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    static QuantizePass pass(device());
    std::vector<float> values;
    pass.quantize(stream, layoutOf(tensor.tensors()[0], {}, ""), {&grid, 1}, DType::F32, {true, seed},
                  [&](std::span<const std::byte> some) {
                      const size_t old = values.size();
                      values.resize(old + some.size() / sizeof(float));
                      std::memcpy(&values[old], some.data(), some.size());
                  });
    return values;
}

// The number in [0, 1) that Rounding promises for an element.
double uniformOf(uint64_t element, uint64_t seed) {
    return double{quant::philoxUniform(seed, element)};
}

// The element values of a format on either side of y.
std::pair<double, double> neighbours(const NumberFormat& format, double y) {
    if (format.spacing == Spacing::Binary) return {-1, 1};
    const double inside = std::clamp(y, format.smallest(), format.largest());
    const double spacing = format.spacingAt(std::abs(inside));
    const double lower = std::floor(inside / spacing) * spacing;
    return {lower, inside == lower ? lower : std::min(lower + spacing, format.largest())};
}

// A grid whose step is 1, so that values are element values.
ClippedGrid unitGrid(const NumberFormat& format) {
    return ClippedGrid::at(format, static_cast<float>(format.clipLevel()));
}

std::vector<NumberFormat> someFormats() {
    std::vector<NumberFormat> formats;
    for (const char* name : {"int4", "int8-full", "uint5", "q3.4", "pot4", "fp8-e4m3", "fp8-e5m2", "fp6-e2m3",
                             "fp6-e3m2", "fp4-e2m1", "fp16", "binary", "int12"})
        formats.push_back(numberFormatFrom(name));
    return formats;
}

// Inputs over the whole range of a format and a little beyond.
std::vector<float> inputsFor(const NumberFormat& format, size_t count, uint64_t seed) {
    Random random(seed);
    std::vector<float> values(count);
    const auto scale = static_cast<float>(format.largest() * format.fixedScale().value_or(1.0));
    for (size_t i = 0; i < count; ++i) {
        const float share = i % 2 ? 0.4f : 0.02f;
        values[i] = scale * share * random.gaussian();
    }
    return values;
}

}  // namespace

TEST_CASE("Stochastic rounding takes the neighbour that the promised random number chooses",
          "[device][stochastic_rounding]") {
    for (const NumberFormat& format : someFormats()) {
        const auto values = inputsFor(format, 4001, 61);
        const ClippedGrid grid = unitGrid(format);
        const double step = grid.step();
        for (const uint64_t seed : {uint64_t{0}, uint64_t{0xdeadbeefcafe1234}}) {
            const auto found = rounded(MemoryTensor(values), grid, seed);
            size_t wrong = 0;
            for (size_t i = 0; i < values.size(); ++i) {
                const double y = values[i] / step;
                const auto [lower, upper] = neighbours(format, y);
                const double place = format.spacing == Spacing::Binary
                                         ? (static_cast<double>(static_cast<float>(y) + 1.0f)) / 2
                                     : upper > lower ? (std::clamp(y, lower, upper) - lower) / (upper - lower)
                                                     : 0;
                const double expected = step * (uniformOf(i, seed) < place ? upper : lower);
                if (found[i] == expected || wrong++ >= 5) continue;
                INFO(format.name() << ", seed " << seed << ", element " << i << ": " << values[i]);
                CHECK(found[i] == expected);
            }
            CHECK(wrong == 0);
        }
    }
}

TEST_CASE("Stochastic casts take one of the two neighbours, with the probability of the bits cut off",
          "[device][stochastic_rounding]") {
    for (const char* name : {"bf16", "tf32"}) {
        const NumberFormat format = numberFormatFrom(name);
        const uint32_t shift = 23 - format.mantissaBits;
        std::vector<float> values;
        Random random(62);
        for (int i = 0; i < 4000; ++i)
            values.push_back(std::bit_cast<float>(static_cast<uint32_t>(random.next() >> 32)));
        for (const uint32_t bits : {0u, 1u, 0x8000u, 0x7fffffu, 0x7f7fffffu, 0xff7f0001u, 0x80000001u})
            values.push_back(std::bit_cast<float>(bits));
        const auto found = rounded(MemoryTensor(values), ClippedGrid::at(format, 0), 7);
        size_t wrong = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            if (!std::isfinite(values[i])) continue;
            const uint32_t bits = std::bit_cast<uint32_t>(values[i]), rest = bits & ((1u << shift) - 1);
            const auto threshold =
                static_cast<uint32_t>(std::ldexp(uniformOf(i, 7), static_cast<int>(shift)));
            uint32_t expected = (bits - rest) + (rest + threshold >= 1u << shift ? 1u << shift : 0);
            if ((expected & 0x7fffffff) >= 0x7f800000) expected -= 1u << shift;
            wrong += std::bit_cast<uint32_t>(found[i]) != expected;
        }
        INFO(name);
        CHECK(wrong == 0);
    }
}

TEST_CASE("What lies on the grid stays put under every seed", "[device][stochastic_rounding][bounds]") {
    for (const NumberFormat& format : someFormats()) {
        const ClippedGrid grid = unitGrid(format);
        std::vector<float> values;
        for (const double level : format.positiveLevels()) {
            values.push_back(static_cast<float>(level * grid.step()));
            if (format.isSigned) values.push_back(-values.back());
        }
        INFO(format.name());
        for (const uint64_t seed : {1u, 2u, 3u}) CHECK(rounded(MemoryTensor(values), grid, seed) == values);
    }
}

TEST_CASE("One seed gives the same bits however the tensor is cut, another seed others",
          "[device][stochastic_rounding]") {
    const MemoryTensor tensor(gaussians(300007, 63));
    for (const char* name : {"int4", "fp4-e2m1", "bf16"}) {
        const ClippedGrid grid = ClippedGrid::at(numberFormatFrom(name), 2.5f);
        const auto whole = rounded(tensor, grid, 5);
        INFO(name);
        CHECK(rounded(tensor, grid, 5) == whole);
        CHECK(rounded(tensor, grid, 5, scarceBytes) == whole);
        CHECK(rounded(tensor, grid, 6) != whole);
        CHECK(rounded(tensor, grid, 5 + (uint64_t{1} << 32)) != whole);
    }
}

// Each element's mean over `draws` seeds has a standard error of spacing·sqrt(p(1 - p)/draws).
TEST_CASE("Stochastic rounding is unbiased within five standard errors", "[device][stochastic_rounding]") {
    constexpr int draws = 400;
    for (const char* name : {"int4", "fp4-e2m1", "fp8-e4m3", "binary", "pot4"}) {
        const NumberFormat format = numberFormatFrom(name);
        const ClippedGrid grid = unitGrid(format);
        std::vector<float> values(64);
        for (size_t i = 0; i < values.size(); ++i)
            values[i] =
                static_cast<float>(format.largest() * (2.0 * (static_cast<double>(i) + 0.37) / 64 - 1));
        const MemoryTensor tensor(values);
        std::vector<double> sums(values.size());
        for (uint64_t seed = 0; seed < draws; ++seed) {
            const auto found = rounded(tensor, grid, seed);
            for (size_t i = 0; i < found.size(); ++i) sums[i] += found[i];
        }
        for (size_t i = 0; i < values.size(); ++i) {
            const auto [lower, upper] = neighbours(format, values[i]);
            const double deviation = std::sqrt((values[i] - lower) * (upper - values[i]) / draws);
            INFO(name << ": " << values[i] << " between " << lower << " and " << upper);
            CHECK(std::abs(sums[i] / draws - values[i]) <= 5 * deviation + 1e-6 * std::abs(upper - lower));
        }
    }
}

TEST_CASE("Stochastic affine codes keep their zero, and specials go to the ends",
          "[device][stochastic_rounding]") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const ClippedGrid grid{numberFormatFrom("uint4-affine"), 2.0f, -1.0f};
    const MemoryTensor tensor(std::vector<float>{0, infinity, -infinity, 100, -100, 0});
    const auto found = rounded(tensor, grid, 8);
    CHECK(found == std::vector<float>{0, 2, -1, 2, -1, 0});
}

}  // namespace tests
