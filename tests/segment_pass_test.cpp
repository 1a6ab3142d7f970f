#include "quant/segment_pass.h"

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

SegmentPass& pass() {
    static SegmentPass segments(device());
    return segments;
}

uint64_t product(const Shape& shape) {
    uint64_t elements = 1;
    for (const uint64_t extent : shape) elements *= extent;
    return elements;
}

// Ten grids: more than one dispatch answers.
std::vector<SegmentPass::OctavGrid> octavGrids(bool isSigned) {
    std::vector<SegmentPass::OctavGrid> grids;
    for (const uint32_t bits : {2u, 3u, 4u, 5u, 6u, 8u, 10u, 12u, 16u}) {
        grids.push_back({NumberFormat{bits, isSigned}.inverseNoiseFactor(), 1.5 + 0.2 * bits});
    }
    grids.push_back({NumberFormat{4, isSigned}.paperInverseNoiseFactor(), 0.01});  // a start far off
    return grids;
}

struct Tally {
    size_t roots = 0, empty = 0;
};

// Every root that the kernel settled equals the reference on the segment alone. Returns how many came back
// empty. The hint is a factor on the tensor's true mean magnitude.
Tally checkRoots(const MemoryTensor& tensor, const Granularity& granularity, bool isSigned = true,
                 double hint = 1) {
    const auto layout = layoutOf(tensor.tensors()[0], granularity, "memory");
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    const auto grids = octavGrids(isSigned);
    const double mean =
        reference::profile(tensor.values()).meanMagnitude(isSigned ? Sides::Both : Sides::Positive);
    const auto roots = pass().octav(stream, layout, isSigned, hint * mean, grids);
    const auto segments = reference::segments(tensor.values(), tensor.tensors()[0].shape, granularity);
    Tally tally;
    REQUIRE(roots.size() == grids.size());
    for (size_t s = 0; s < segments.size(); ++s) {
        const auto sorted = reference::magnitudes(segments[s], isSigned);
        for (size_t g = 0; g < grids.size(); ++g) {
            ++tally.roots;
            tally.empty += !roots[g].at(s);
            if (!roots[g][s]) continue;
            const uint32_t found = std::bit_cast<uint32_t>(*roots[g][s]);
            const uint32_t expected =
                std::bit_cast<uint32_t>(reference::octavRoot(sorted, grids[g].inverseNoiseFactor));
            INFO(granularity.name() << ", segment " << s << " of " << segments.size() << ", grid " << g);
            if (found != expected) CHECK(found == expected);
        }
    }
    return tally;
}

void checkPercentiles(const MemoryTensor& tensor, const Granularity& granularity, bool isSigned) {
    const auto layout = layoutOf(tensor.tensors()[0], granularity, "memory");
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    const auto segments = reference::segments(tensor.values(), tensor.tensors()[0].shape, granularity);
    for (const auto& [text, thousandths] : {std::pair("99.9", 99900u), std::pair("50", 50000u),
                                            std::pair("100", 100000u), std::pair("0.001", 1u)}) {
        const auto found =
            pass().percentiles(stream, layout, isSigned ? Sides::Both : Sides::Positive, Percentile(text));
        REQUIRE(found.size() == segments.size());
        for (size_t s = 0; s < segments.size(); ++s) {
            auto counted = segments[s];
            for (float& x : counted) x = !isSigned && x < 0 && std::isfinite(x) ? 0.0f : x;
            const float expected = reference::percentile(counted, thousandths, 100000);
            INFO(granularity.name() << ", segment " << s << ", percentile " << text);
            if (found[s] != expected)
                CHECK(std::bit_cast<uint32_t>(found[s]) == std::bit_cast<uint32_t>(expected));
        }
    }
}

// Segments of `length` elements, each of an awkward kind, with an outlier 2^20 times larger in every fifth.
std::vector<float> awkwardRows(size_t length, size_t& rows) {
    std::vector<float> values;
    rows = 0;
    for (size_t variant = 0; variant < 2; ++variant) {
        for (auto& [name, row] : awkwardSamples(length)) {
            if (variant == 1 && !row.empty())
                row[row.size() / 2] =
                    std::isfinite(row[0]) && std::fabs(row[0]) < 1e30f ? row[0] * 0x1p20f : 1.0f;
            values.insert(values.end(), row.begin(), row.end());
            ++rows;
        }
    }
    return values;
}

}  // namespace

TEST_CASE("Roots of channels along every axis equal the reference, under a percent left open",
          "[device][segment_pass]") {
    const Shape shape = {20, 30, 50};
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
        const MemoryTensor tensor(gaussians(product(shape), 1), dtype, shape);
        for (const uint32_t axis : {0u, 1u, 2u}) {
            INFO(name(dtype) << ", axis " << axis);
            const Tally tally = checkRoots(tensor, {Kind::Channel, axis, 0});
            CHECK(tally.empty * 100 <= tally.roots);
        }
    }
}

TEST_CASE("Roots of groups of every size equal the reference, under a percent left open",
          "[device][segment_pass]") {
    const Shape shape = {23, 1010};
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
        const MemoryTensor tensor(gaussians(product(shape), 2), dtype, shape);
        for (const uint64_t size : {1u, 10u, 32u, 100u, 256u, 257u, 300u, 2000u}) {
            const Tally tally = checkRoots(tensor, {Kind::Group, 0, size});
            INFO(name(dtype) << ", groups of " << size << ": " << tally.empty << " of " << tally.roots
                             << " left open");
            CHECK(tally.empty * 100 <= tally.roots);
        }
    }
}

TEST_CASE("Roots of one-sided grids equal the reference", "[device][segment_pass][bounds]") {
    const Shape shape = {40, 500};
    const MemoryTensor tensor(gaussians(product(shape), 3), DType::F32, shape);
    for (const Granularity& granularity : {Granularity{Kind::Channel, 0, 0}, Granularity{Kind::Channel, 1, 0},
                                           Granularity{Kind::Group, 0, 32}}) {
        const Tally tally = checkRoots(tensor, granularity, false);
        CHECK(tally.empty * 100 <= tally.roots);
    }
}

TEST_CASE("Roots do not depend on hints", "[device][segment_pass]") {
    const MemoryTensor tensor(gaussians(40000, 3), DType::F32, {40, 1000});
    for (const double hint : {0.0, 1e-30, 0.1, 3.0, 1e30}) {
        INFO("hint " << hint);
        for (const uint64_t size : {32u, 1000u}) checkRoots(tensor, {Kind::Group, 0, size}, true, hint);
    }
}

TEST_CASE("Roots of awkward segments equal the reference or stay open", "[device][segment_pass]") {
    for (const size_t length : {1u, 2u, 3u, 33u, 256u, 300u, 1000u}) {
        size_t rows = 0;
        const auto values = awkwardRows(length, rows);
        const MemoryTensor tensor(values, DType::F32, {rows, length});
        for (const bool isSigned : {true, false}) {
            INFO("length " << length << (isSigned ? ", signed" : ", unsigned"));
            checkRoots(tensor, {Kind::Channel, 0, 0}, isSigned);
            checkRoots(tensor, {Kind::Group, 0, 10}, isSigned);
        }
    }
}

TEST_CASE("Roots of the longest segments equal the reference", "[device][segment_pass]") {
    const Shape shape = {3, longestShortSegment};
    const MemoryTensor tensor(gaussians(product(shape), 4), DType::F32, shape);
    const Tally tally = checkRoots(tensor, {Kind::Channel, 0, 0});
    CHECK(tally.empty * 100 <= tally.roots);
    const MemoryTensor transposed(gaussians(product(shape), 4), DType::F32, {longestShortSegment, 3});
    checkRoots(transposed, {Kind::Channel, 1, 0});
}

// The 16-bit halves of the kernel's sums reach their largest values.
TEST_CASE("Sums of the longest segments do not overflow", "[device][segment_pass]") {
    std::vector<float> values(2 * longestShortSegment, std::bit_cast<float>(0x3fffffffu));
    for (size_t i = longestShortSegment; i < values.size(); ++i)
        values[i] = std::bit_cast<float>(0x43ffffffu);
    values[0] = values[longestShortSegment] = 0x1.8p-3f;
    checkRoots(MemoryTensor(values, DType::F32, {2, longestShortSegment}), {Kind::Channel, 0, 0});
}

TEST_CASE("Roots beyond one dispatch equal the reference", "[device][segment_pass]") {
    const Shape shape = {9, uint64_t{1} << 19};  // 4.7 M elements, 4.2 M a dispatch
    const MemoryTensor tensor(gaussians(product(shape), 5), DType::F32, shape);
    const auto layout = layoutOf(tensor.tensors()[0], {Kind::Group, 0, 256}, "memory");
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    const SegmentPass::OctavGrid grid{NumberFormat{4, true}.inverseNoiseFactor(), 3.1};
    const auto roots = pass().octav(stream, layout, true, 0.8, {&grid, 1}).front();
    REQUIRE(roots.size() == layout.segments);
    size_t empty = 0;
    for (size_t s = 0; s < roots.size(); ++s) {
        const float expected = reference::octavRoot(std::span(tensor.values()).subspan(256 * s, 256), true,
                                                    grid.inverseNoiseFactor);
        if (roots[s] && *roots[s] != expected)
            FAIL_CHECK("segment " << s << ": " << *roots[s] << ", not " << expected);
        empty += !roots[s];
    }
    CHECK(empty * 100 <= roots.size());
}

TEST_CASE("Percentiles of segments are exact", "[device][segment_pass]") {
    const Shape shape = {20, 30, 50};
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
        const MemoryTensor tensor(gaussians(product(shape), 6), dtype, shape);
        for (const bool isSigned : {true, false}) {
            for (const uint32_t axis : {0u, 1u, 2u})
                checkPercentiles(tensor, {Kind::Channel, axis, 0}, isSigned);
            for (const uint64_t size : {1u, 7u, 32u, 1000u})
                checkPercentiles(tensor, {Kind::Group, 0, size}, isSigned);
        }
    }
}

TEST_CASE("Percentiles of awkward segments are exact", "[device][segment_pass][bounds]") {
    for (const size_t length : {1u, 33u, 300u}) {
        size_t rows = 0;
        const auto values = awkwardRows(length, rows);
        const MemoryTensor tensor(values, DType::F32, {rows, length});
        for (const bool isSigned : {true, false}) {
            checkPercentiles(tensor, {Kind::Channel, 0, 0}, isSigned);
            checkPercentiles(tensor, {Kind::Group, 0, 10}, isSigned);
        }
    }
}

namespace {

double leastOfSweep(std::span<const float> values, float largest, const NumberFormat& grid) {
    double least = HUGE_VAL;
    for (int point = 0; point < 200; ++point) {
        const auto clip = static_cast<float>(largest * std::exp2(-12.0 * point / 199));
        least = std::min(least, reference::exactError(values, {grid, clip}).squared);
    }
    return least;
}

void checkLeastError(const MemoryTensor& tensor, const Granularity& granularity, bool isSigned) {
    const auto layout = layoutOf(tensor.tensors()[0], granularity, "memory");
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    std::vector<NumberFormat> grids;
    for (const uint32_t bits : {2u, 3u, 4u, 8u}) grids.push_back({bits, isSigned});
    const auto clips = pass().leastError(stream, layout, grids);
    const auto segments = reference::segments(tensor.values(), tensor.tensors()[0].shape, granularity);
    for (size_t g = 0; g < grids.size(); ++g) {
        for (size_t s = 0; s < segments.size(); ++s) {
            const auto sorted = reference::magnitudes(segments[s], isSigned);
            const float largest = sorted.empty() ? 0 : sorted.back(), clip = clips.at(g).at(s).high;
            INFO(granularity.name() << ", segment " << s << ", " << grids[g].bits << " bits, clip " << clip
                                    << " of " << largest);
            CHECK(clip <= 2 * largest);
            CHECK((clip > 0) == (largest > 0));
            const double error = reference::exactError(segments[s], {grids[g], clip}).squared;
            // What is left of data that lies on a grid is float rounding.
            CHECK(error <= 1.01 * leastOfSweep(segments[s], largest, grids[g]) +
                               0x1p-44 * reference::energy(segments[s]));
        }
    }
}

}  // namespace

TEST_CASE("The clip of least error is within a percent of a brute-force sweep", "[device][segment_pass]") {
    const Shape shape = {6, 5, 150};
    for (const DType dtype : {DType::F32, DType::F16}) {
        const MemoryTensor tensor(gaussians(product(shape), 7), dtype, shape);
        for (const bool isSigned : {true, false}) {
            for (const uint32_t axis : {0u, 1u}) checkLeastError(tensor, {Kind::Channel, axis, 0}, isSigned);
            for (const uint64_t size : {1u, 32u, 100u})
                checkLeastError(tensor, {Kind::Group, 0, size}, isSigned);
        }
    }
}

TEST_CASE("The clip of least error is within a percent for heavy tails and far outliers",
          "[device][segment_pass]") {
    for (const char* kind :
         {"heavy tail", "far outlier", "sparse", "two values", "positive", "negative", "zeros"}) {
        const auto samples = awkwardSamples(3000);
        const MemoryTensor tensor(std::ranges::find(samples, kind, &Sample::name)->values, DType::F32,
                                  {3, 1000});
        INFO(kind);
        checkLeastError(tensor, {Kind::Channel, 0, 0}, true);
        checkLeastError(tensor, {Kind::Channel, 0, 0}, false);
    }
}

}  // namespace tests
