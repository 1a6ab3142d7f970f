#include "quant/linear_histogram.h"

#include "quant/error_pass.h"
#include "quant/float_bits.h"
#include "quant/spread_profile.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;
constexpr DType analyzable[] = {DType::F32, DType::F16, DType::BF16, DType::F64};

float largestOf(std::span<const float> values, Sides sides) {
    const auto sorted = reference::magnitudes(values, sides == Sides::Both);
    return sorted.empty() ? 0.0f : sorted.back();
}

// The edge rule of the header, in double.
LinearHistogram expectedCounts(std::span<const float> values, Sides sides, float largest) {
    const int exponent = powerScale(largest).exponent;
    const auto perScale = static_cast<float>(linearBins / std::ldexp(double{largest}, exponent));
    LinearHistogram counts(linearBins);
    for (const float x : reference::magnitudes(values, sides == Sides::Both)) {
        const auto position = static_cast<float>(std::ldexp(double{x}, exponent) * double{perScale});
        ++counts[std::min(static_cast<uint32_t>(position), linearBins - 1)];
    }
    return counts;
}

LinearHistogramPass& passOf(CountingPath path) {
    static std::map<CountingPath, LinearHistogramPass> passes;
    return passes.try_emplace(path, device(), path).first->second;
}

void checkCounts(const MemoryTensor& tensor, uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    for (const Sides sides : {Sides::Both, Sides::Positive}) {
        const float largest = largestOf(tensor.values(), sides);
        if (largest == 0) continue;
        const auto expected = expectedCounts(tensor.values(), sides, largest);
        for (const CountingPath path : countingPaths(device().info())) {
            INFO("path " << static_cast<int>(path) << ", sides " << static_cast<int>(sides) << ", "
                         << name(tensor.tensors()[0].dtype));
            CHECK(passOf(path).count(stream, sides, largest) == expected);
        }
    }
}

}  // namespace

TEST_CASE("Linear histograms equal a host count for every size, type and path",
          "[device][linear_histogram][bounds]") {
    for (const size_t size : awkwardSizes()) {
        for (const DType dtype : analyzable) {
            INFO(size << " elements");
            checkCounts(MemoryTensor(gaussians(size, size + 3), dtype));
        }
    }
}

TEST_CASE("Linear histograms equal a host count on awkward data", "[device][linear_histogram]") {
    for (const auto& [name, values] : awkwardSamples(20011)) {
        INFO(name);
        for (const DType dtype : analyzable) checkCounts(MemoryTensor(values, dtype));
    }
}

TEST_CASE("Linear histograms equal a host count beyond one chunk and streamed",
          "[device][linear_histogram]") {
    checkCounts(MemoryTensor(gaussians((size_t{4} << 20) + 8195, 4)));
    checkCounts(MemoryTensor(gaussians(300007, 5)), 1 << 18);
    checkCounts(MemoryTensor(std::vector<float>((size_t{4} << 20) + 1, -2.5f)));
}

// With a largest magnitude of 2048 every edge is an integer, and the product exact.
TEST_CASE("An element on an edge falls into the bin above it, the largest into the last",
          "[device][linear_histogram]") {
    std::vector<float> values;
    for (uint32_t i = 1; i <= linearBins; ++i) values.push_back(static_cast<float>(i));
    TensorStream stream(device(), ampleBytes);
    const MemoryTensor tensor(values);
    stream.select(tensor, 0);
    const auto counts = passOf(CountingPath::Private).count(stream, Sides::Both, 2048);
    LinearHistogram expected(linearBins, 1);
    expected.front() = 0;
    expected.back() = 2;
    CHECK(counts == expected);
}

TEST_CASE("A linear histogram from a profile holds every element, the largest in the last bin",
          "[linear_histogram]") {
    for (const auto& [name, values] : awkwardSamples(5003)) {
        INFO(name);
        const Profile profile = reference::profile(values);
        for (const Sides sides : {Sides::Both, Sides::Positive}) {
            const float largest = largestOf(values, sides);
            if (largest == 0) continue;
            const auto counts = linearHistogram(SpreadProfile(profile, sides));
            CHECK(std::accumulate(counts.begin(), counts.end(), uint64_t{0}) == profile.nonzero(sides));
            CHECK(counts.back() >= 1);
        }
    }
}

// A bin of the profile is an eighth of an octave at most: counts up to its edges are exact.
TEST_CASE("A linear histogram from a profile is exact between the profile's edges", "[linear_histogram]") {
    auto values = gaussians(100003, 9);
    values.push_back(16);  // edges of both kinds then coincide
    const auto counts = linearHistogram(SpreadProfile(reference::profile(values), Sides::Both));
    const auto exact = expectedCounts(values, Sides::Both, 16);
    uint64_t found = 0, expected = 0;
    for (uint32_t i = 0; i < linearBins; ++i) {
        found += counts[i];
        expected += exact[i];
        const double edge = 16.0 * (i + 1) / linearBins;
        if ((magnitudeBits(static_cast<float>(edge)) & 0xfffffu) == 0) CHECK(found == expected);
    }
}

}  // namespace tests
