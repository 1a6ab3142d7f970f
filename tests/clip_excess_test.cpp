#include "quant/error_pass.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>

namespace tests {

using namespace quant;

namespace {

// As error_pass.h states it.
constexpr double bound = 0x1p-17;

reference::Error excessOf(std::span<const float> values, Sides sides, double clip) {
    reference::Error error;
    for (const float x : values) {
        const double magnitude = sides == Sides::Both ? std::abs(x) : x;
        if (!std::isfinite(x) || !(magnitude > clip)) continue;
        error.squared += (magnitude - clip) * (magnitude - clip);
        ++error.clipped;
    }
    return error;
}

void checkExcess(const std::vector<float>& values, int steps = 80) {
    const float absmax = reference::absmax(values);
    std::vector<float> clips;
    for (int i = 0; i < steps; ++i)
        clips.push_back(static_cast<float>(absmax * std::exp2(-12.0 * i / steps)));
    clips.push_back(0);
    const MemoryTensor tensor(values);
    TensorStream stream(device(), uint64_t{1} << 26);
    stream.select(tensor, 0);
    ErrorPass pass(device());
    for (const Sides sides : {Sides::Both, Sides::Positive}) {
        const auto found = pass.measureExcess(stream, absmax, sides, clips);
        REQUIRE(found.size() == clips.size());
        for (size_t i = 0; i < clips.size(); ++i) {
            const auto expected = excessOf(values, sides, clips[i]);
            INFO("clip " << clips[i] << (sides == Sides::Both ? "" : ", above zero"));
            CHECK(found[i].clipped == expected.clipped);
            CHECK(std::abs(found[i].squared - expected.squared) <= bound * expected.squared);
        }
    }
}

}  // namespace

TEST_CASE("What lies beyond clips is counted exactly, and its squares are within their bound",
          "[device][clip_excess]") {
    for (const size_t size : {0u, 1u, 3u, 8191u, 8193u}) {
        INFO(size << " elements");
        checkExcess(gaussians(size, 96));
    }
    checkExcess(gaussians(1000, 98), 600);  // more clips than one read takes
    for (const auto& [name, values] : awkwardSamples(1009)) {
        INFO(name);
        checkExcess(values);
    }
}

TEST_CASE("No clips are no work", "[device][clip_excess]") {
    const MemoryTensor tensor(gaussians(10, 97));
    TensorStream stream(device(), uint64_t{1} << 26);
    stream.select(tensor, 0);
    CHECK(ErrorPass(device()).measureExcess(stream, 3, Sides::Both, {}).empty());
}

}  // namespace tests
