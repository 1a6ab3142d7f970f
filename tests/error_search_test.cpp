#include "quant/error_search.h"

#include "quant/clip_search.h"
#include "quant/segment_search.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/number_format_cases.h"
#include "tests/reference.h"
#include "tests/sample_data.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{64} << 20;

struct Passes {
    ProfilePass profiles{device()};
    ErrorPass errors{device()};
    SegmentPass segments{device()};
};
Passes& passes() {
    static Passes all;
    return all;
}

std::vector<Clip> found(const MemoryTensor& tensor, std::span<const ClipRequest> requests) {
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    return ClipSearch(passes().profiles, passes().errors)
        .find(stream, passes().profiles.profile(stream), requests);
}

double exactError(std::span<const float> values, const ClippedGrid& grid) {
    double sum = 0;
    for (const float x : values) {
        const double error = grid.quantize(x) - double{x};
        sum += error * error;
    }
    return sum;
}

double leastOfSweep(std::span<const float> values, const NumberFormat& format) {
    const float absmax = reference::absmax(values);
    double least = HUGE_VAL;
    for (int i = 0; i < 250; ++i) {
        const auto clip = static_cast<float>(absmax * std::exp2(1 - i * 0.04));
        least = std::min(least, exactError(values, {format, clip}));
    }
    return least;
}

// The weights of a trained layer.
std::vector<float> realWeights() {
    const auto file = openTensorFile(sourceFile("assets/fashion_cnn.safetensors"));
    const auto entry = std::ranges::find(file->tensors(), "classifier.4.weight", &TensorInfo::name);
    REQUIRE(entry != file->tensors().end());
    std::vector<std::byte> bytes(entry->sizeBytes);
    file->read(static_cast<size_t>(entry - file->tensors().begin()), 0, bytes);
    std::vector<float> values;
    for (uint64_t i = 0; i < entry->elements; ++i) {
        const auto at = [&](size_t byte) { return std::to_integer<uint32_t>(bytes[byte]); };
        if (entry->dtype == DType::F32) {
            values.push_back(std::bit_cast<float>(at(4 * i) | at(4 * i + 1) << 8 | at(4 * i + 2) << 16 |
                                                  at(4 * i + 3) << 24));
        } else {
            const auto pattern = static_cast<uint16_t>(at(2 * i) | at(2 * i + 1) << 8);
            values.push_back(entry->dtype == DType::F16 ? floatFromHalf(pattern) : floatFromBfloat(pattern));
        }
    }
    return values;
}

std::vector<std::vector<float>> dataSets() {
    auto outlying = gaussians(5000, 71);
    outlying[17] = 60;
    return {gaussians(8000, 70), outlying, realWeights()};
}

}  // namespace

TEST_CASE("Clips of least error on formats of every spacing are within a percent of a sweep's best",
          "[device][error_search]") {
    std::vector<ClipRequest> requests;
    for (const char* name : {"fp8-e4m3", "fp8-e5m2", "fp6-e2m3", "fp6-e3m2", "fp4-e2m1", "pot3", "pot4"}) {
        for (const char* method : {"octav", "mse"})
            requests.push_back({methodFrom(method), numberFormatFrom(name)});
    }
    for (const auto& values : dataSets()) {
        const MemoryTensor tensor(values);
        const auto clips = found(tensor, requests);
        for (size_t i = 0; i < requests.size(); ++i) {
            const double error = exactError(values, clips[i].on(requests[i].format));
            INFO(requests[i].format.name() << " by " << requests[i].method.name() << ", " << values.size()
                                           << " elements, clip " << clips[i].high);
            CHECK(error <= 1.01 * leastOfSweep(values, requests[i].format));
        }
    }
}

TEST_CASE("The octav clip of a binary grid is the mean magnitude", "[device][error_search]") {
    auto values = gaussians(5001, 72);
    values[3] = values[4] = 0;
    values[5] = std::numeric_limits<float>::quiet_NaN();
    values[6] = std::numeric_limits<float>::infinity();
    double sum = 0, count = 0;
    for (const float x : values) {
        if (!std::isfinite(x)) continue;
        sum += std::abs(x);
        ++count;
    }
    const ClipRequest request{methodFrom("octav"), numberFormatFrom("binary")};
    const float clip = found(MemoryTensor(values), {&request, 1}).front().high;
    CHECK(std::abs(clip - sum / count) <= 1e-6 * sum / count);
}

TEST_CASE("NaN, Inf and zeros do not mislead the binary clips of segments", "[device][error_search]") {
    auto values = gaussians(4 * 101, 73);
    for (size_t i = 0; i < values.size(); i += 3) values[i] = std::numeric_limits<float>::quiet_NaN();
    const MemoryTensor tensor(values, DType::F32, {4, 101});
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    const Profile profile = passes().profiles.profile(stream);
    const Granularity granularity = granularityFrom("channel:0");
    const ClipRequest request{methodFrom("octav"), numberFormatFrom("binary")};
    const auto clips =
        SegmentSearch(passes().segments, passes().profiles, passes().errors)
            .find(stream, tensor, 0, layoutOf(tensor.tensors()[0], granularity, ""), profile, {&request, 1});
    const auto segments = reference::segments(values, {4, 101}, granularity);
    for (size_t s = 0; s < segments.size(); ++s) {
        double sum = 0, count = 0;
        for (const float x : segments[s]) {
            if (std::isnan(x)) continue;
            sum += std::abs(x);
            ++count;
        }
        CHECK(std::abs(clips.clips[0][s].high - sum / count) <= 1e-5 * sum / count);
    }
}

TEST_CASE("Affine ranges hold zero, and those of least error are no worse than the others",
          "[device][error_search]") {
    auto skewed = gaussians(6000, 74);
    for (float& x : skewed) x = x > 0 ? 4 * x : x;
    auto shifted = gaussians(6000, 75);
    for (float& x : shifted) x += 1.5f;
    for (const auto& values : {skewed, shifted}) {
        for (const char* name : {"uint4-affine", "int3-affine", "int8-affine"}) {
            std::vector<ClipRequest> requests;
            for (const char* method : {"mse", "octav", "max", "percentile:99.5"})
                requests.push_back({methodFrom(method), numberFormatFrom(name)});
            const auto clips = found(MemoryTensor(values), requests);
            const double least = exactError(values, clips[0].on(requests[0].format));
            CHECK(clips[2] == Clip{std::ranges::max(values), std::min(std::ranges::min(values), 0.0f)});
            for (size_t i = 0; i < requests.size(); ++i) {
                INFO(name << " by " << requests[i].method.name() << ": " << clips[i].low << " to "
                          << clips[i].high);
                CHECK(clips[i].low <= 0);
                CHECK(clips[i].high >= 0);
                CHECK(least <= 1.0001 * exactError(values, clips[i].on(requests[i].format)));
            }
            // Among the ranges of a grid over both ends none is better by more than a percent.
            double best = HUGE_VAL;
            for (int i = 1; i <= 40; ++i) {
                for (int j = 1; j <= 40; ++j) {
                    const Clip clip{clips[2].high * static_cast<float>(i) / 40,
                                    clips[2].low * static_cast<float>(j) / 40};
                    best = std::min(best, exactError(values, clip.on(requests[0].format)));
                }
            }
            INFO(name);
            CHECK(least <= 1.01 * best);
        }
    }
}

TEST_CASE("Power-of-two scales are powers of two and the better of two neighbours",
          "[device][error_search]") {
    const auto values = gaussians(5000, 76, 0.37f);
    const NumberFormat format = numberFormatFrom("int4-pow2");
    std::vector<ClipRequest> requests;
    for (const char* method : {"octav", "mse", "max", "percentile:99"})
        requests.push_back({methodFrom(method), format});
    const auto clips = found(MemoryTensor(values), requests);
    double least = HUGE_VAL;
    for (int e = -12; e < 4; ++e)
        least = std::min(least, exactError(values, {format, 7 * std::ldexp(1.0f, e)}));
    for (size_t i = 0; i < clips.size(); ++i) {
        int exponent = 0;
        INFO(requests[i].method.name());
        CHECK(std::frexp(clips[i].on(format).step(), &exponent) == 0.5f);
        if (i < 2) CHECK(exactError(values, clips[i].on(format)) <= 1.0001 * least);
    }
    CHECK(clips[2].high >= reference::absmax(values));
}

TEST_CASE("Method mse does not depend on what else is asked", "[device][error_search]") {
    for (const size_t size : {48u, 3001u, 70001u}) {
        const MemoryTensor tensor(gaussians(size, 77));
        for (const char* name : {"int2", "int4", "int8", "fp4-e2m1", "int4-affine", "int8-pow2"}) {
            const NumberFormat format = numberFormatFrom(name);
            std::vector<ClipRequest> both;
            for (const char* method : {"octav", "max", "percentile:99", "mse"})
                both.push_back({methodFrom(method), format});
            INFO(name << ", " << size << " elements");
            CHECK(found(tensor, {&both.back(), 1}).back() == found(tensor, both).back());
        }
    }
}

namespace {

// Ten thousand clips, up to twice the largest magnitude.
double bruteForce(std::span<const float> values, const NumberFormat& format) {
    const double largest = reference::absmax(values);
    double least = HUGE_VAL;
    for (int i = 1; i <= 10000; ++i)
        least = std::min(least, exactError(values, {format, static_cast<float>(largest * i / 5000)}));
    return least;
}

}  // namespace

TEST_CASE("Clips of least error of small tensors are within a percent of brute force",
          "[device][error_search]") {
    for (const size_t size : {16u, 48u, 300u}) {
        for (uint64_t seed = 0; seed < 3; ++seed) {
            const auto values = gaussians(size, 90 + seed);
            for (const char* name : {"int3", "int4", "int6", "int8", "fp8-e4m3"}) {
                const ClipRequest request{methodFrom("mse"), numberFormatFrom(name)};
                const Clip clip = found(MemoryTensor(values), {&request, 1}).front();
                INFO(name << ", " << size << " elements, seed " << seed << ", clip " << clip.high);
                CHECK(exactError(values, clip.on(request.format)) <=
                      1.01 * bruteForce(values, request.format));
            }
        }
    }
}

}  // namespace tests
