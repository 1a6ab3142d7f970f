#include "quant/segment_search.h"

#include "quant/clip_estimate.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace tests {

using namespace quant;
using Kind = Granularity::Kind;
using Shape = std::vector<uint64_t>;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;

struct Passes {
    ProfilePass profiles{device()};
    ErrorPass errors{device()};
    SegmentPass segments{device()};
};
Passes& passes() {
    static Passes all;
    return all;
}

std::vector<ClipRequest> requestsFor(std::initializer_list<const char*> methods,
                                     std::initializer_list<uint32_t> bits, bool isSigned) {
    std::vector<ClipRequest> requests;
    for (const char* method : methods) {
        for (const uint32_t b : bits) requests.push_back({methodFrom(method), {b, isSigned}});
    }
    return requests;
}

SegmentClips find(const MemoryTensor& tensor, const Granularity& granularity,
                  std::span<const ClipRequest> requests, uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    const Profile profile = passes().profiles.profile(stream);
    const auto layout = layoutOf(tensor.tensors()[0], granularity, "memory");
    return SegmentSearch(passes().segments, passes().profiles, passes().errors)
        .find(stream, tensor, 0, layout, profile, requests);
}

std::vector<float> findAlone(std::span<const float> values, std::span<const ClipRequest> requests) {
    const MemoryTensor tensor(values);
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    const auto clips = ClipSearch(passes().profiles, passes().errors)
                           .find(stream, passes().profiles.profile(stream), requests);
    std::vector<float> highs;
    for (const Clip& clip : clips) highs.push_back(clip.high);
    return highs;
}

MemoryTensor gaussianTensor(const Shape& shape, DType dtype = DType::F32) {
    uint64_t elements = 1;
    for (const uint64_t extent : shape) elements *= extent;
    return MemoryTensor(gaussians(elements, elements), dtype, shape);
}

// Every segment's clips are those of the segment as a tensor of its own, bit for bit.
void checkAlone(const MemoryTensor& tensor, const Granularity& granularity,
                std::span<const ClipRequest> requests) {
    const auto found = find(tensor, granularity, requests);
    const auto segments = reference::segments(tensor.values(), tensor.tensors()[0].shape, granularity);
    for (size_t s = 0; s < segments.size(); ++s) {
        const auto alone = findAlone(segments[s], requests);
        for (size_t r = 0; r < requests.size(); ++r) {
            INFO(granularity.name() << ", segment " << s << ": " << requests[r].method.name() << ", "
                                    << requests[r].format.bits
                                    << (requests[r].format.isSigned ? " bits, signed" : " bits, unsigned"));
            CHECK(std::bit_cast<uint32_t>(found.clips.at(r).at(s).high) == std::bit_cast<uint32_t>(alone[r]));
        }
    }
}

void checkSums(const MemoryTensor& tensor, const Granularity& granularity,
               std::span<const ClipRequest> requests, const SegmentClips& found) {
    constexpr double sumBound = 64 * 0x1p-24;  // of ErrorPass
    const auto segments = reference::segments(tensor.values(), tensor.tensors()[0].shape, granularity);
    for (size_t r = 0; r < requests.size(); ++r) {
        reference::Error expected;
        for (size_t s = 0; s < segments.size(); ++s) {
            const ClippedGrid grid = found.clips[r][s].on(requests[r].format);
            const auto one = reference::floatError(segments[s], grid, reference::absmax(tensor.values()));
            expected.squared += one.squared;
            expected.clipped += one.clipped;
        }
        INFO(granularity.name() << ", request " << r);
        CHECK(std::abs(found.errors[r].squared - expected.squared) <= sumBound * expected.squared);
        CHECK(found.errors[r].clipped == expected.clipped);
    }
    const double energy = reference::energy(tensor.values());
    CHECK(std::abs(found.energy - energy) <= sumBound * energy);
}

struct Case {
    Shape shape;
    Granularity granularity;
};
const std::vector<Case>& shortCases() {
    static const std::vector<Case> all = {
        {{30, 400}, {Kind::Channel, 0, 0}},     {{310, 15}, {Kind::Channel, 1, 0}},
        {{9, 11, 130}, {Kind::Channel, 1, 0}},  {{2, 1003}, {Kind::Group, 0, 32}},
        {{3, 1003}, {Kind::Group, 0, 300}},     {{1, 4973}, {Kind::Group, 0, 100}},
        {{3, 70, 21}, {Kind::Group, 0, 32, 1}}, {{2, 50, 61}, {Kind::Block, 0, 16, {}, 20}},
    };
    return all;
}

}  // namespace

TEST_CASE("A short segment is answered as a tensor of its own", "[device][segment_search]") {
    const auto requests =
        requestsFor({"octav", "octav-paper", "max", "percentile:99", "entropy"}, {2, 4, 8}, true);
    for (const auto& [shape, granularity] : shortCases())
        checkAlone(gaussianTensor(shape), granularity, requests);
    checkAlone(gaussianTensor({1, 1003}, DType::BF16), {Kind::Group, 0, 32}, requests);
    checkAlone(gaussianTensor({1, 1003}, DType::F64), {Kind::Group, 0, 32}, requests);
}

TEST_CASE("An awkward segment is answered as a tensor of its own", "[device][segment_search]") {
    for (const size_t length : {1u, 40u, 300u}) {
        std::vector<float> values;
        const auto samples = awkwardSamples(length);
        for (const Sample& sample : samples)
            values.insert(values.end(), sample.values.begin(), sample.values.end());
        const MemoryTensor tensor(values, DType::F32, {samples.size(), length});
        for (const bool isSigned : {true, false}) {
            INFO("length " << length);
            checkAlone(
                tensor, {Kind::Channel, 0, 0},
                requestsFor({"octav", "octav-paper", "max", "percentile:99", "entropy"}, {2, 8}, isSigned));
        }
    }
}

TEST_CASE("A long segment is answered as a tensor of its own", "[device][segment_search]") {
    const auto requests = requestsFor({"octav", "percentile:99", "mse"}, {3}, true);
    checkAlone(gaussianTensor({2, 65537}), {Kind::Channel, 0, 0}, requests);
    checkAlone(gaussianTensor({65537, 2}), {Kind::Channel, 1, 0}, requests);
    checkAlone(gaussianTensor({1, 140001}), {Kind::Group, 0, 70000}, requests);
    checkAlone(gaussianTensor({300, 500}), {Kind::Block, 0, 400, {}, 200}, requests);
}

TEST_CASE("Errors and energy are sums over all segments", "[device][segment_search]") {
    const auto requests = requestsFor({"octav", "max", "mse"}, {3, 6}, true);
    for (const auto& [shape, granularity] : shortCases()) {
        const MemoryTensor tensor = gaussianTensor(shape);
        checkSums(tensor, granularity, requests, find(tensor, granularity, requests));
    }
}

TEST_CASE("Errors and energy of long segments are sums over all segments", "[device][segment_search]") {
    const auto requests = requestsFor({"octav"}, {4}, true);
    const MemoryTensor tensor = gaussianTensor({65537, 2});
    checkSums(tensor, {Kind::Channel, 1, 0}, requests, find(tensor, {Kind::Channel, 1, 0}, requests));
}

// Slabs of 49152 bytes: a few rows, a few channels of a strided layout, part of a row.
TEST_CASE("Clips do not depend on the memory budget", "[device][segment_search]") {
    const auto requests = requestsFor({"octav", "max", "percentile:99", "mse"}, {4}, true);
    for (const auto& [shape, granularity] :
         {Case{{100, 1003}, {Kind::Channel, 0, 0}}, Case{{1003, 100}, {Kind::Channel, 1, 0}},
          Case{{30, 7, 301}, {Kind::Channel, 1, 0}}, Case{{50, 1003}, {Kind::Group, 0, 32}},
          Case{{1, 60013}, {Kind::Group, 0, 100}}, Case{{3, 700, 31}, {Kind::Group, 0, 64, 1}},
          Case{{70, 901}, {Kind::Group, 0, 32, 0}}, Case{{2, 300, 101}, {Kind::Block, 0, 32, {}, 40}},
          Case{{100, 3001}, {Kind::Block, 0, 8, {}, 50}}, Case{{2, 65537}, {Kind::Channel, 0, 0}}}) {
        INFO(granularity.name() << " of " << shape[0] << " x " << shape[1]);
        const MemoryTensor tensor = gaussianTensor(shape);
        const auto whole = find(tensor, granularity, requests),
                   slabs = find(tensor, granularity, requests, 1 << 16);
        CHECK(slabs.clips == whole.clips);
        for (size_t r = 0; r < requests.size(); ++r)
            CHECK(slabs.errors[r].clipped == whole.errors[r].clipped);
        checkSums(tensor, granularity, requests, slabs);
    }
}

TEST_CASE("One outlying segment does not spoil the others' clips of least error",
          "[device][segment_search]") {
    auto values = gaussians(8 * 500, 12);
    for (size_t i = 0; i < 500; ++i) values[i] *= 0x1p20f;
    const MemoryTensor tensor(values, DType::F32, {8, 500});
    const auto requests = requestsFor({"mse"}, {4}, true);
    const auto found = find(tensor, {Kind::Channel, 0, 0}, requests);
    const auto segments = reference::segments(values, {8, 500}, {Kind::Channel, 0, 0});
    for (size_t s = 0; s < 8; ++s) {
        const float alone = findAlone(segments[s], requests)[0];
        const double error = reference::exactError(segments[s], {{4, true}, found.clips[0][s].high}).squared;
        CHECK(error <= 1.01 * reference::exactError(segments[s], {{4, true}, alone}).squared);
    }
}

TEST_CASE("A tensor without elements has clips of zero", "[device][segment_search]") {
    const auto requests = requestsFor({"octav", "max", "percentile:99", "mse"}, {4}, true);
    const auto found =
        find(MemoryTensor(std::vector<float>(), DType::F32, {3, 0}), {Kind::Channel, 0, 0}, requests);
    REQUIRE(found.clips.size() == requests.size());
    for (const auto& clips : found.clips) CHECK(clips == std::vector<Clip>(3));
    CHECK(found.energy == 0);
    const auto none =
        find(MemoryTensor(std::vector<float>(), DType::F32, {0, 3}), {Kind::Channel, 0, 0}, requests);
    for (const auto& clips : none.clips) CHECK(clips.empty());
}

TEST_CASE("A scalar's only channel has the scalar's clip", "[device][segment_search]") {
    const MemoryTensor tensor(std::vector<float>{-2.5f});
    const auto requests = requestsFor({"octav", "max", "percentile:99"}, {4}, true);
    for (const auto& clips : find(tensor, {Kind::Channel, 0, 0}, requests).clips)
        CHECK(clips == std::vector<Clip>{{2.5f}});
}

TEST_CASE("Power-of-two scales of short segments are those of tensors of their own",
          "[device][segment_search]") {
    std::vector<ClipRequest> requests;
    for (const char* method : {"octav", "octav-paper", "mse", "max", "percentile:99", "entropy"}) {
        for (const char* format : {"int3-pow2", "int4-pow2", "int8-pow2"})
            requests.push_back({methodFrom(method), numberFormatFrom(format)});
    }
    checkAlone(gaussianTensor({40, 300}), {Kind::Channel, 0, 0}, requests);
    checkAlone(gaussianTensor({40, 300}), {Kind::Group, 0, 32}, requests);
}

namespace {

double errorOf(std::span<const float> values, const ClippedGrid& grid) {
    double sum = 0;
    for (const float x : values) {
        const double error = grid.quantize(x) - double{x};
        sum += error * error;
    }
    return sum;
}

}  // namespace

TEST_CASE("Segments far below the rest of a tensor have clips of least error", "[device][segment_search]") {
    constexpr size_t length = 300;
    std::vector<float> values;
    for (const float size : {1.0f, 1e-8f, 1e-16f, 1e-20f, 1e-25f, 1e-30f}) {
        const auto row = gaussians(length, 14, size);
        values.insert(values.end(), row.begin(), row.end());
    }
    const MemoryTensor tensor(values, DType::F32, {values.size() / length, length});
    for (const char* name : {"int4", "fp4-e2m1", "int8", "int4-affine"}) {
        const ClipRequest request{methodFrom("mse"), numberFormatFrom(name)};
        const auto clips = find(tensor, {Kind::Channel, 0, 0}, {&request, 1}).clips[0];
        for (size_t s = 0; s < clips.size(); ++s) {
            const auto row = std::span(values).subspan(s * length, length);
            const float size = reference::absmax(row) / reference::absmax(std::span(values).first(length));
            // The same numbers in other units.
            INFO(name << ", row " << s << ", clip " << clips[s].high << " to " << clips[0].high * size);
            CHECK(errorOf(row, clips[s].on(request.format)) <=
                  1.01 * errorOf(row, {request.format, clips[0].high * size, clips[0].low * size}));
        }
    }
}

namespace {

// The least error among ranges whose ends are halved again and again by themselves.
double leastOfRanges(std::span<const float> values, const NumberFormat& format) {
    const auto [least, most] = std::ranges::minmax(values);
    double error = HUGE_VAL;
    for (int i = 0; i < 24; ++i) {
        for (int j = 0; j < 24; ++j) {
            const ClippedGrid grid{format, static_cast<float>(most * std::exp2(-i / 3.0)),
                                   static_cast<float>(least * std::exp2(-j / 3.0))};
            error = std::min(error, errorOf(values, grid));
        }
    }
    return error;
}

}  // namespace

TEST_CASE("Affine ranges of segments and tensors clip one end where that is best",
          "[device][segment_search]") {
    for (const float outlier : {-20.0f, -100.0f}) {
        auto values = gaussians(20000, 15);
        values[777] = outlier;
        const MemoryTensor tensor(values, DType::F32, {1, values.size()});
        for (const char* name : {"int4-affine", "uint3-affine"}) {
            const ClipRequest request{methodFrom("mse"), numberFormatFrom(name)};
            const double least = leastOfRanges(values, request.format);
            const Clip segment = find(tensor, {Kind::Channel, 0, 0}, {&request, 1}).clips[0][0];
            TensorStream stream(device(), ampleBytes);
            stream.select(tensor, 0);
            const Clip whole = ClipSearch(passes().profiles, passes().errors)
                                   .find(stream, passes().profiles.profile(stream), {&request, 1})[0];
            INFO(name << ", outlier " << outlier << ": " << segment.low << " to " << segment.high << ", "
                      << whole.low << " to " << whole.high);
            CHECK(errorOf(values, segment.on(request.format)) <= 1.01 * least);
            CHECK(errorOf(values, whole.on(request.format)) <= 1.01 * least);
        }
    }
}

// The model's derivative along either end, counts held, by its definition.
TEST_CASE("Octav's affine ranges of segments are stationary, and nearly those of whole tensors",
          "[device][segment_search]") {
    auto values = gaussians(4 * 3000, 16);
    for (float& x : values) x = x < 0 ? 0.3f * x : x + 0.2f;
    const MemoryTensor tensor(values, DType::F32, {4, 3000});
    for (const char* name : {"int3-affine", "uint4-affine", "int8-affine"}) {
        const ClipRequest request{methodFrom("octav"), numberFormatFrom(name)};
        const auto clips = find(tensor, {Kind::Channel, 0, 0}, {&request, 1}).clips[0];
        const double levels = request.format.largest() - request.format.smallest();
        for (size_t s = 0; s < clips.size(); ++s) {
            const auto row = std::span(values).subspan(3000 * s, 3000);
            const double high = clips[s].high, low = -clips[s].low;
            double above = 0, below = 0, inside = 0;
            for (const double x : row) {
                above += std::max(x - high, 0.0);
                below += std::max(-x - low, 0.0);
                inside += x <= high && x >= -low && x != 0;
            }
            const double excess = (high + low) / (12 * levels * levels) * inside;
            INFO(name << ", row " << s << ": " << -low << " to " << high);
            CHECK(std::abs(above / excess - 1) <= 2e-3);
            CHECK(std::abs(below / excess - 1) <= 2e-3);
            const Profile profile = reference::profile(row);
            const Clip whole = twoSidedOctavClip(ProfileError(profile), request.format);
            CHECK(std::abs(high / double{whole.high} - 1) <= 0.02);
            CHECK(std::abs(low / -double{whole.low} - 1) <= 0.02);
        }
    }
}

// At 8 bits and more, with hundreds of local minima, within a decibel.
TEST_CASE("Clips of least error of small segments are within a percent of brute force",
          "[device][segment_search]") {
    for (const size_t length : {16u, 48u, 300u}) {
        const MemoryTensor tensor = gaussianTensor({6, length});
        const auto requests = requestsFor({"mse"}, {3, 4, 6, 8}, true);
        const auto found = find(tensor, {Kind::Channel, 0, 0}, requests);
        for (size_t s = 0; s < 6; ++s) {
            const auto row = std::span(tensor.values()).subspan(s * length, length);
            const double largest = reference::absmax(row);
            for (size_t r = 0; r < requests.size(); ++r) {
                const NumberFormat& format = requests[r].format;
                double least = HUGE_VAL;
                for (int i = 1; i <= 10000; ++i) {
                    const ClippedGrid grid{format, static_cast<float>(largest * i / 5000)};
                    least = std::min(least, errorOf(row, grid));
                }
                INFO(length << " elements, segment " << s << ", " << format.bits << " bits, clip "
                            << found.clips[r][s].high);
                CHECK(errorOf(row, found.clips[r][s].on(format)) <= (format.bits < 8 ? 1.01 : 1.25) * least);
            }
        }
    }
}

}  // namespace tests
