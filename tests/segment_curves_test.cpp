#include "quant/segment_curves.h"

#include "app/explorer/sliced_job.h"
#include "engine/commands.h"
#include "tests/device_fixture.h"
#include "tests/float_grid.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

using Shape = std::vector<uint64_t>;
constexpr uint64_t ampleBytes = uint64_t{256} << 20;
constexpr double meanBound = 0x1p-17;  // of SegmentCurves

Granularity channels(uint32_t axis) {
    return {Granularity::Kind::Channel, axis, 0};
}

SegmentLayout layoutFor(const MemoryTensor& tensor, const Granularity& granularity) {
    return layoutOf(tensor.tensors()[0], granularity, "memory");
}

uint64_t product(const Shape& shape) {
    uint64_t elements = 1;
    for (const uint64_t extent : shape) elements *= extent;
    return elements;
}

std::vector<float> clipsUpTo(float largest, size_t count) {
    std::vector<float> clips;
    for (size_t i = 1; i <= count; ++i)
        clips.push_back(largest * static_cast<float>(i) / static_cast<float>(count));
    return clips;
}

// [segment][clip]
std::vector<float> curves(const MemoryTensor& tensor, const Granularity& granularity,
                          const NumberFormat& format, std::span<const float> clips,
                          uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    SegmentCurves pass(device(), layoutFor(tensor, granularity), format, clips);
    pass.run(stream, reference::absmax(tensor.values()));
    CHECK(pass.elementsSeen() == tensor.values().size());
    std::vector<float> means(uint64_t{pass.segments()} * pass.clips());
    engine::readBack(device(), pass.means(), std::as_writable_bytes(std::span(means)));
    return means;
}

void checkCurves(const MemoryTensor& tensor, const Granularity& granularity, const NumberFormat& format,
                 size_t clipCount, uint64_t budgetBytes = ampleBytes) {
    const float absmax = reference::absmax(tensor.values());
    const auto clips = clipsUpTo(absmax, clipCount);
    const auto found = curves(tensor, granularity, format, clips, budgetBytes);
    const auto segments = reference::segments(tensor.values(), tensor.tensors()[0].shape, granularity);
    REQUIRE(found.size() == segments.size() * clips.size());
    for (size_t s = 0; s < segments.size(); ++s) {
        const auto finite = static_cast<double>(reference::finite(segments[s]));
        for (size_t c = 0; c < clips.size(); ++c) {
            const auto mean = static_cast<double>(found[s * clips.size() + c]);
            const double expected = floatSquaredError(segments[s], {format, clips[c]}, absmax) / finite;
            const bool isRight =
                finite == 0 ? std::isnan(mean) : std::abs(mean - expected) <= meanBound * expected;
            INFO(granularity.name() << ", " << format.name() << ", segment " << s << ", clip " << clips[c]
                                    << ": " << mean << " for " << expected);
            REQUIRE(isRight);
        }
    }
}

void checkShape(const Shape& shape, uint32_t axis, size_t clips, uint64_t budgetBytes = ampleBytes) {
    INFO("axis " << axis << " of " << shape.size());
    checkCurves(MemoryTensor(gaussians(product(shape), 3), DType::F32, shape), channels(axis),
                integerFormat(4, true), clips, budgetBytes);
}

}  // namespace

TEST_CASE("Every channel's curve is within the bound of the reference", "[device][segment_curves][bounds]") {
    for (const uint32_t axis : {0u, 1u, 2u}) {
        for (const size_t clips : {1u, 7u, 8u, 9u}) checkShape({23, 37, 41}, axis, clips);
        checkShape({1, 5, 1}, axis, 3);
        checkShape({67, 1, 131}, axis, 3);
    }
}

TEST_CASE("Curves of long channels are within the bound", "[device][segment_curves]") {
    checkShape({3, 50021}, 0, 40);
    checkShape({2, 3, 17001}, 1, 40);
    checkShape({40009, 3}, 1, 40);
    checkShape({300007, 1}, 1, 40);
}

TEST_CASE("Curves of many channels are within the bound", "[device][segment_curves]") {
    checkShape({4096, 30}, 0, 5);
    checkShape({30, 4096}, 1, 5);
    // A period longer than a piece.
    checkShape({2, 1500, 200}, 1, 5);
}

TEST_CASE("Curves of channels beyond one chunk are within the bound", "[device][segment_curves]") {
    for (const uint32_t axis : {0u, 1u}) {
        checkShape({5, 7, 40000}, axis, 3, uint64_t{1} << 20);
        checkShape({5, 7, 4000}, axis, 3, uint64_t{1} << 18);
    }
    checkShape({1100, 1000}, 1, 2, uint64_t{1} << 20);
}

TEST_CASE("A tensor of one segment has one curve", "[device][segment_curves]") {
    checkCurves(MemoryTensor(gaussians(100003, 4)), Granularity(), integerFormat(4, true), 20);
}

TEST_CASE("Channels have curves for every type and size", "[device][segment_curves]") {
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16, DType::F64}) {
        for (const uint64_t size : {1u, 7u, 8u, 63u, 65u, 1021u}) {
            const MemoryTensor tensor(gaussians(size * 13, size), dtype, {13, size});
            checkCurves(tensor, channels(0), integerFormat(4, true), 9);
            checkCurves(tensor, channels(1), integerFormat(4, true), 9);
        }
    }
}

TEST_CASE("Channels have curves on formats of every spacing", "[device][segment_curves]") {
    const MemoryTensor tensor(laplaces(17 * 501, 5), DType::F32, {17, 501});
    for (const char* name : {"int2", "int8-full", "uint4", "fp4-e2m1", "fp8-e4m3", "pot4", "binary"})
        checkCurves(tensor, channels(0), numberFormatFrom(name), 12);
}

TEST_CASE("Awkward channels have curves, those without numbers none", "[device][segment_curves]") {
    std::vector<float> values;
    const auto samples = awkwardSamples(331);
    uint64_t rows = 0;
    for (const auto& [name, some] : samples) {
        // What is scaled by the largest of all is not to drown.
        const float absmax = reference::absmax(some);
        if (some.size() < 331 || absmax > 1e4f || (absmax > 0 && absmax < 1e-4f)) continue;
        values.insert(values.end(), some.begin(), some.begin() + 331);
        ++rows;
    }
    values.insert(values.end(), 331, std::numeric_limits<float>::quiet_NaN());
    CHECK(rows >= 3);
    checkCurves(MemoryTensor(values, DType::F32, {rows + 1, 331}), channels(0), integerFormat(4, true), 9);
}

TEST_CASE("Curves of channels do not depend on slices, to the bit", "[device][segment_curves]") {
    for (const uint32_t axis : {0u, 1u}) {
        const MemoryTensor whole(gaussians(21 * 55000, 7), DType::F32, {21, 110, 500});
        const auto clips = clipsUpTo(3, 7);
        const auto expected = curves(whole, channels(axis), integerFormat(4, true), clips);
        std::vector<float> found;
        app::SlicedJob job(device(),
                           [&] { found = curves(whole, channels(axis), integerFormat(4, true), clips); });
        int turns = 0;
        while (!job.runPauses(1)) ++turns;
        CHECK(turns > 5);
        CHECK(found == expected);
    }
}

TEST_CASE("A tensor without elements has curves of NaN", "[device][segment_curves]") {
    const MemoryTensor tensor(std::vector<float>(), DType::F32, {3, 0});
    const auto found = curves(tensor, channels(0), integerFormat(4, true), clipsUpTo(1, 2));
    CHECK(found.size() == 6);
    CHECK(std::ranges::all_of(found, [](float x) { return std::isnan(x); }));
}

TEST_CASE("Segment curves reject groups, too many channels and clips, and formats without one",
          "[device][segment_curves]") {
    const MemoryTensor tensor(gaussians(5000, 8), DType::F32, {5000, 1});
    const auto attempt = [&](const Granularity& granularity, const char* format, size_t clips) {
        SegmentCurves(device(), layoutFor(tensor, granularity), numberFormatFrom(format),
                      clipsUpTo(1, clips));
    };
    attempt(channels(1), "int4", 256);
    CHECK_THROWS_AS(attempt(channels(0), "int4", 256), std::invalid_argument);
    CHECK_THROWS_AS(attempt({Granularity::Kind::Group, 0, 32, 0}, "int4", 256), std::invalid_argument);
    CHECK_THROWS_AS(attempt(channels(1), "int4", 257), std::invalid_argument);
    CHECK_THROWS_AS(attempt(channels(1), "int4", 0), std::invalid_argument);
    CHECK_THROWS_AS(attempt(channels(1), "int4-affine", 4), std::invalid_argument);
}

}  // namespace tests
