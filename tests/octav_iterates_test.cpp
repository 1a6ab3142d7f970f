#include "quant/octav_iterates.h"

#include "quant/number_format.h"
#include "quant/octav.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20, scantBytes = uint64_t{1} << 20;

std::vector<double> iteratesOf(const std::vector<float>& values, bool isSigned, uint64_t inverseNoiseFactor,
                               uint64_t budgetBytes = ampleBytes) {
    const MemoryTensor tensor(values);
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    ProfilePass passes(device());
    return exactOctavIterates(passes, stream, reference::profile(values),
                              isSigned ? Sides::Both : Sides::Positive, inverseNoiseFactor,
                              reference::octavRoot(values, isSigned, inverseNoiseFactor));
}

// A step of the recursion by its definition.
double stepFrom(std::span<const float> sorted, double s, uint64_t inverseNoiseFactor) {
    long double sum = 0;
    uint64_t beyond = 0;
    for (const float x : sorted) {
        if (x <= s) continue;
        sum += x;
        ++beyond;
    }
    const auto inside = static_cast<long double>(sorted.size() - beyond);
    return static_cast<double>(
        sum / (inside / static_cast<long double>(inverseNoiseFactor) + static_cast<long double>(beyond)));
}

void checkIterates(const std::vector<float>& values, bool isSigned, uint64_t factor) {
    const auto sorted = reference::magnitudes(values, isSigned);
    const auto iterates = iteratesOf(values, isSigned, factor);
    if (sorted.empty()) {
        CHECK(iterates.empty());
        return;
    }
    const double root = reference::octavRoot(sorted, factor);
    REQUIRE_FALSE(iterates.empty());
    CHECK(iterates.size() < 64);
    CHECK(std::abs(iterates.back() - root) <= 0x1p-23 * root + 0x1p-150);
    for (size_t i = 1; i < iterates.size(); ++i) {
        if (iterates[i] == root) continue;  // where the recursion would go to and fro
        const double expected = stepFrom(sorted, iterates[i - 1], factor);
        INFO("iterate " << i << ": " << iterates[i] << ", expected " << expected);
        CHECK(std::abs(iterates[i] - expected) <= 1e-12 * expected);
    }
}

}  // namespace

TEST_CASE("Every iterate follows from the last by the recursion's definition, and the last is the root",
          "[device][octav_iterates]") {
    auto samples = awkwardSamples(2003);
    samples.push_back({"gaussian of some size", gaussians(20011, 91)});
    samples.push_back({"Laplace", laplaces(20011, 92)});
    samples.push_back({"one element", {0.5f}});
    samples.push_back({"another element", {-0.7f}});
    for (const auto& [name, values] : samples) {
        for (const uint32_t bits : {2u, 3u, 4u, 8u, 16u}) {
            for (const bool isSigned : {true, false}) {
                INFO(name << ", " << bits << (isSigned ? " bits" : " bits, unsigned"));
                checkIterates(values, isSigned, NumberFormat{bits, isSigned}.inverseNoiseFactor());
            }
        }
    }
}

TEST_CASE("The iterates end at the root at every bit width", "[device][octav_iterates]") {
    for (const auto& values : {gaussians(5003, 93), laplaces(5003, 94)}) {
        for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
            INFO(bits << " bits");
            checkIterates(values, true, NumberFormat{bits, true}.inverseNoiseFactor());
        }
    }
}

TEST_CASE("The recursion of one value is that value", "[device][octav_iterates]") {
    for (const float value : {0.5f, 0.7f, 0x1p-149f, 3e38f}) {
        const std::vector<float> one = {value}, many(777, value);
        for (const uint32_t bits : {2u, 8u, 16u}) {
            const uint64_t factor = NumberFormat{bits, true}.inverseNoiseFactor();
            CHECK(iteratesOf(one, true, factor) == std::vector<double>{value});
            CHECK(iteratesOf(many, true, factor) == std::vector<double>{value});
            CHECK(octavIterates(reference::profile(many), Sides::Both, factor) == std::vector<double>{value});
        }
    }
}

TEST_CASE("Iterates of a tensor that is streamed are those of one on the device",
          "[device][octav_iterates]") {
    const auto values = laplaces(300007, 95);
    const uint64_t factor = NumberFormat{6, true}.inverseNoiseFactor();
    CHECK(iteratesOf(values, true, factor, scantBytes) == iteratesOf(values, true, factor));
}

}  // namespace tests
