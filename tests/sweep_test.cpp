#include "quant/sweep.h"

#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;

Sweep swept(const std::vector<float>& values, const SweepOptions& options) {
    Analyzer analyzer(device(), ampleBytes);
    return sweep(analyzer, MemoryTensor(values), 0, options);
}

// Mean modelled error by its definition.
double modelled(const std::vector<float>& values, bool isSigned, double clip, uint64_t inverseNoiseFactor) {
    double sum = 0;
    for (const float x : values) {
        const double magnitude = isSigned ? std::abs(x) : x;
        if (!std::isfinite(x)) continue;
        if (magnitude > clip)
            sum += (magnitude - clip) * (magnitude - clip);
        else if (magnitude > 0)
            sum += clip * clip / static_cast<double>(inverseNoiseFactor);
    }
    return sum / static_cast<double>(reference::finite(values));
}

std::vector<Sample> curveSamples() {
    std::vector<Sample> samples;
    for (const Sample& sample : awkwardSamples(2003)) {
        if (reference::absmax(sample.values) > 0) samples.push_back(sample);
    }
    samples.push_back({"gaussian of some size", gaussians(20011, 24)});
    samples.push_back({"one element", {0.5f}});
    return samples;
}

}  // namespace

TEST_CASE("The modelled curve follows the definition within its bound", "[device][sweep]") {
    constexpr double bound = 0x1p-17;
    for (const auto& [name, values] : curveSamples()) {
        for (const uint32_t bits : {2u, 4u, 8u, 16u}) {
            for (const Sign sign : {Sign::Signed, Sign::Unsigned}) {
                const bool isSigned = sign == Sign::Signed;
                const uint64_t factor = NumberFormat{bits, isSigned}.inverseNoiseFactor();
                const Sweep result = swept(values, {.bits = bits, .sign = sign, .points = 33});
                INFO(name << ", " << bits << (isSigned ? " bits" : " bits, unsigned"));
                REQUIRE(result.modelled.size() == 33);
                for (size_t i = 0; i < 33; ++i) {
                    const double expected = modelled(values, isSigned, result.clips[i], factor);
                    INFO("clip " << result.clips[i]);
                    CHECK(std::abs(result.modelled[i] - expected) <= bound * expected);
                }
                const double expected = modelled(values, isSigned, result.octav.clip, factor);
                CHECK(std::abs(result.octav.modelled - expected) <= bound * expected);
            }
        }
    }
}

TEST_CASE("The iterates run to the clip of octav, or to what it was before its scale was rounded",
          "[device][sweep]") {
    const auto values = gaussians(20011, 25);
    for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
        const Sweep result = swept(values, {.bits = bits, .points = 2});
        CHECK(std::abs(result.iterates.back() / result.octav.clip - 1) <= 0x1p-23);
    }
    const Sweep rounded = swept(values, {.format = numberFormatFrom("int4-pow2"), .points = 2});
    const double root = reference::octavRoot(values, true, NumberFormat{4, true}.inverseNoiseFactor());
    CHECK(std::abs(rounded.iterates.back() / root - 1) <= 0x1p-23);
    CHECK(rounded.octav.clip != root);
}

TEST_CASE("No point of a sweep measures less than the best, which is one of them or another clip",
          "[device][sweep]") {
    for (const uint32_t bits : {2u, 4u, 8u}) {
        const Sweep result = swept(gaussians(20011, 26), {.bits = bits, .points = 65});
        CHECK(result.best.measured <= *std::ranges::min_element(result.measured));
        CHECK(result.best.measured <= result.octav.measured);
        const ClippedGrid grid{{bits, true}, static_cast<float>(result.octav.clip)};
        const double expected = reference::exactError(gaussians(20011, 26), grid).squared / 20011;
        CHECK(std::abs(result.octav.measured - expected) <= 1e-4 * expected);
    }
}

TEST_CASE("A curve's minima are those that stand out", "[sweep]") {
    const std::vector<double> clips = {1, 2, 3, 4, 5, 6, 7, 8};
    const auto minima = prominentMinima(clips, {9, 5, 5.05, 4.99, 8, 3, 3.01, 7});
    REQUIRE(minima.size() == 2);
    CHECK(minima[0].clip == 4);
    CHECK(minima[1].clip == 6);
    CHECK(prominentMinima(clips, {8, 7, 6, 5, 4, 3, 2, 1}).at(0).clip == 8);
    CHECK(prominentMinima(clips, {1, 2, 3, 4, 5, 6, 7, 8}).at(0).clip == 1);
    CHECK(prominentMinima({}, {}).empty());
}

TEST_CASE("A sweep measures what the quantizer does at every clip", "[device][sweep]") {
    const auto values = gaussians(30011, 22);
    const Sweep result = swept(values, {.bits = 4, .points = 40});
    REQUIRE(result.clips.size() == 40);
    CHECK(result.format.isSigned);
    CHECK(std::ranges::is_sorted(result.clips));
    CHECK(result.clips.back() == reference::absmax(values));
    for (size_t i = 0; i < result.clips.size(); ++i) {
        const ClippedGrid grid{{4, true}, static_cast<float>(result.clips[i])};
        const double expected =
            reference::exactError(values, grid).squared / static_cast<double>(values.size());
        CHECK(std::abs(result.measured[i] - expected) <= 1e-4 * expected);
    }
    CHECK(result.octav.clip ==
          reference::octavRoot(values, true, NumberFormat{4, true}.inverseNoiseFactor()));
}

TEST_CASE("A tensor with far outliers has two minima", "[device][sweep]") {
    auto values = gaussians(20000, 23);
    for (size_t i = 0; i < 3; ++i) values[i] = 100;
    const Sweep result = swept(values, {.bits = 4, .points = 256});
    CHECK(result.minima.size() >= 2);
    CHECK(result.minima.front().clip < 40);
    CHECK(result.minima.back().clip > 60);
}

TEST_CASE("A sweep over nothing is empty, and options out of range are refused", "[device][sweep]") {
    CHECK(swept({}, {}).clips.empty());
    CHECK(swept({0, 0, 0}, {}).clips.empty());
    CHECK_THROWS_AS(swept({1}, {.points = 1}), std::invalid_argument);
    CHECK_THROWS_AS(swept({1}, {.bits = 17}), std::invalid_argument);
    CHECK_THROWS_AS(swept({1}, {.range = std::pair(2.0, 1.0)}), std::invalid_argument);
    CHECK_THROWS_AS(swept({1}, {.range = std::pair(0.0, 1.0)}), std::invalid_argument);
}

TEST_CASE("A sweep over denormals gives numbers", "[device][sweep]") {
    std::vector<float> values;
    for (int i = 1; i < 200; ++i) values.push_back(std::ldexp(static_cast<float>(i), -149));
    const Sweep result = swept(values, {.bits = 4, .points = 30});
    for (const double clip : result.clips) CHECK(std::isfinite(clip));
    for (const double error : result.measured) CHECK(std::isfinite(error));
    CHECK(std::isfinite(result.best.measured));
}

}  // namespace tests
