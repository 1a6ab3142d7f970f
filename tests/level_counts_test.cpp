#include "quant/level_counts.h"

#include "app/explorer/sliced_job.h"
#include "engine/commands.h"
#include "quant/quantize_pass.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/number_format_cases.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;

struct Counted {
    std::vector<double> values;
    std::vector<uint64_t> counts;
    std::vector<float> edges;
};

Counted counted(const TensorFile& file, const ClippedGrid& grid, LevelAxis axis, float largest,
                CountingPath path = CountingPath::Auto, uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(file, 0);
    LevelCounts pass(device(), path);
    pass.count(stream, grid, axis, largest);
    Counted result{pass.values(), pass.read(), std::vector<float>(pass.levels() + 1)};
    engine::readBack(device(), pass.edges(), std::as_writable_bytes(std::span(result.edges)));
    return result;
}

// Every format with few enough levels, whose scale the data decide.
std::vector<NumberFormat> countedFormats() {
    std::vector<NumberFormat> formats;
    for (const NumberFormat& format : everyFormat()) {
        if (format.bits <= 8 && !format.isBlockScaled() && !format.fixedScale()) formats.push_back(format);
    }
    return formats;
}

ClippedGrid gridOf(const NumberFormat& format, float clip) {
    return format.isAffine ? ClippedGrid{format, clip, format.isSigned ? -0.4f * clip : -0.9f * clip}
                           : ClippedGrid{format, clip};
}

// By what the quantizer of the host says of each element.
std::vector<uint64_t> hostCounts(std::span<const float> values, const ClippedGrid& grid, LevelAxis axis,
                                 const std::vector<double>& levels) {
    std::vector<uint64_t> counts(levels.size());
    for (const float x : values) {
        if (!std::isfinite(x)) continue;
        const double q = grid.quantize(double{x});
        const double wanted = axis == LevelAxis::Magnitude ? std::abs(q) : q;
        const auto level = std::ranges::find(levels, wanted);
        // None there is shows in the sum.
        if (level != levels.end()) ++counts[static_cast<size_t>(level - levels.begin())];
    }
    return counts;
}

// Multiples of an eighth of the step: ties, ends and beyond.
std::vector<float> tiesOf(const ClippedGrid& grid) {
    std::vector<float> values;
    const float step = grid.step();
    const auto last = static_cast<int>(std::min(8 * (grid.format.largest() + 3), 4096.0));
    for (int i = -last; i <= last; ++i) values.push_back(static_cast<float>(i) * (step / 8));
    for (const double level : grid.format.isAffine ? std::vector<double>() : grid.format.positiveLevels()) {
        for (const float x :
             {static_cast<float>(level) * step, static_cast<float>(level) * step * 1.25f,
              static_cast<float>(level) * step * 1.5f, static_cast<float>(level) * step * 1.75f})
            values.insert(values.end(), {x, -x, std::nextafter(x, 0.0f), std::nextafter(x, 2 * x)});
    }
    return values;
}

// A clip whose step is a power of two: x / step is exact in floats.
float exactClip(const NumberFormat& format) {
    const double levels = format.isAffine ? format.largest() - format.smallest() : format.clipLevel();
    return static_cast<float>(levels * 0.03125);
}

}  // namespace

TEST_CASE("Counts of every format are those of the host's quantizer, with all ties",
          "[device][level_counts]") {
    for (const NumberFormat& format : countedFormats()) {
        ClippedGrid grid{format, exactClip(format)};
        if (format.isAffine) {
            // Zero point and ends on the grid.
            grid.low = -static_cast<float>(std::floor((format.largest() - format.smallest()) / 3)) * 0.03125f;
            grid.clip += grid.low;
        }
        auto values = tiesOf(grid);
        const auto random = gaussians(8209, 2, grid.clip / 2);
        values.insert(values.end(), random.begin(), random.end());
        const MemoryTensor tensor(values);
        for (const LevelAxis axis : {LevelAxis::Magnitude, LevelAxis::Value}) {
            if (format.isAffine && axis == LevelAxis::Magnitude) continue;
            INFO(format.name() << ", " << (axis == LevelAxis::Value ? "values" : "magnitudes"));
            const Counted found = counted(tensor, grid, axis, reference::absmax(values));
            CHECK(found.counts == hostCounts(values, grid, axis, found.values));
        }
    }
}

TEST_CASE("Counts of every format are those of the quantized tensor", "[device][level_counts]") {
    const MemoryTensor tensor(laplaces(20011, 3));
    QuantizePass quantizer(device());
    for (const NumberFormat& format : countedFormats()) {
        const ClippedGrid grid = gridOf(format, 1.7f);
        TensorStream stream(device(), ampleBytes);
        stream.select(tensor, 0);
        const SegmentLayout layout = layoutOf(tensor.tensors()[0], Granularity(), "memory");
        std::vector<float> quantized;
        quantizer.quantize(stream, layout, {&grid, 1}, DType::F32, Rounding(),
                           [&](std::span<const std::byte> bytes) {
                               const size_t before = quantized.size();
                               quantized.resize(before + bytes.size() / sizeof(float));
                               std::memcpy(&quantized[before], bytes.data(), bytes.size());
                           });
        const Counted found = counted(tensor, grid, LevelAxis::Value, reference::absmax(tensor.values()));
        std::vector<uint64_t> expected(found.values.size());
        for (const float q : quantized) {
            const auto level = std::ranges::find_if(
                found.values, [&](double value) { return static_cast<float>(value) == q; });
            if (level != found.values.end()) ++expected[static_cast<size_t>(level - found.values.begin())];
        }
        INFO(format.name());
        CHECK(found.counts == expected);
    }
}

TEST_CASE("Levels are counted for every size, type and path", "[device][level_counts][bounds]") {
    const ClippedGrid grid{integerFormat(4, true), 1.75f};
    for (const CountingPath path : countingPaths(device().info())) {
        for (const size_t size : awkwardSizes()) {
            for (const DType dtype : {DType::F32, DType::F16, DType::BF16, DType::F64}) {
                const MemoryTensor tensor(gaussians(size, size + 5), dtype);
                const Counted found =
                    counted(tensor, grid, LevelAxis::Value, reference::absmax(tensor.values()), path);
                INFO(name(dtype) << ", " << size << " elements");
                CHECK(found.counts == hostCounts(tensor.values(), grid, LevelAxis::Value, found.values));
            }
        }
    }
}

TEST_CASE("Levels of awkward data are counted without NaN and infinities", "[device][level_counts]") {
    for (const auto& [name, values] : awkwardSamples(8209)) {
        const ClippedGrid grid{integerFormat(3, true), 3};
        const Counted found =
            counted(MemoryTensor(values), grid, LevelAxis::Magnitude, reference::absmax(values));
        INFO(name);
        CHECK(found.counts == hostCounts(values, grid, LevelAxis::Magnitude, found.values));
    }
}

TEST_CASE("Levels of more than one chunk are counted, in slices too", "[device][level_counts]") {
    const MemoryTensor tensor(gaussians((size_t{4} << 20) + 8195, 6));
    const ClippedGrid grid{integerFormat(8, true), 2.5f};
    const float largest = reference::absmax(tensor.values());
    const Counted whole = counted(tensor, grid, LevelAxis::Value, largest);
    uint64_t all = 0;
    for (const uint64_t count : whole.counts) all += count;
    CHECK(all == tensor.values().size());
    Counted sliced;
    app::SlicedJob job(device(), [&] {
        sliced = counted(tensor, grid, LevelAxis::Value, largest, CountingPath::Auto, uint64_t{1} << 20);
    });
    int turns = 0;
    while (!job.runPauses(1)) ++turns;
    CHECK(turns > 5);
    CHECK(sliced.counts == whole.counts);
}

TEST_CASE("A level's cell holds the elements that are counted there", "[device][level_counts]") {
    const auto values = gaussians(20011, 7);
    const MemoryTensor tensor(values);
    for (const char* name : {"int4", "int4-full", "uint4", "fp4-e2m1", "int8-affine"}) {
        const ClippedGrid grid = gridOf(numberFormatFrom(name), 1.3f);
        const Counted found = counted(tensor, grid, LevelAxis::Value, reference::absmax(values));
        INFO(name);
        CHECK(std::ranges::is_sorted(found.edges));
        std::vector<uint64_t> inCells(found.counts.size());
        for (const float x : values) {
            const auto above = std::upper_bound(found.edges.begin() + 1, found.edges.end() - 1, x);
            ++inCells[static_cast<size_t>(above - found.edges.begin()) - 1];
        }
        CHECK(found.counts == inCells);
    }
}

TEST_CASE("Levels of magnitudes rise from zero with both signs together", "[device][level_counts]") {
    const std::vector<float> values = {0.0f, -0.0f, 0.9f, -1.1f, 2.0f, -2.0f, 5.0f, -7.0f, 0.4f};
    const MemoryTensor tensor(values);
    const Counted narrow = counted(tensor, {integerFormat(3, true), 3.0f}, LevelAxis::Magnitude, 7);
    CHECK(narrow.values == std::vector<double>{0, 1, 2, 3});
    CHECK(narrow.counts == std::vector<uint64_t>{3, 2, 2, 2});
    CHECK(narrow.edges.front() == 0);
    CHECK(narrow.edges.back() == 7);
    // Halves go to even levels: 0.5 to zero, 1.5 to two.
    CHECK(narrow.edges[1] == std::nextafter(0.5f, 1.0f));
    CHECK(narrow.edges[2] == 1.5f);
    const Counted full = counted(tensor, {numberFormatFrom("int3-full"), 4.0f}, LevelAxis::Magnitude, 7);
    CHECK(full.values == std::vector<double>{0, 1, 2, 3, 4});
    CHECK(full.counts == std::vector<uint64_t>{3, 2, 2, 1, 1});
    const Counted binary = counted(tensor, {integerFormat(1, true), 2.0f}, LevelAxis::Magnitude, 7);
    CHECK(binary.counts == std::vector<uint64_t>{9});
    CHECK(binary.values == std::vector<double>{2});
}

TEST_CASE("A clip of zero has one level", "[device][level_counts]") {
    const MemoryTensor tensor(gaussians(1001, 8));
    for (const LevelAxis axis : {LevelAxis::Magnitude, LevelAxis::Value}) {
        const Counted found = counted(tensor, {integerFormat(4, true), 0}, axis, 4);
        CHECK(found.counts == std::vector<uint64_t>{1001});
        CHECK(found.values == std::vector<double>{0});
    }
}

TEST_CASE("Formats of too many levels have no counts, affine ones none by magnitude",
          "[device][level_counts]") {
    const MemoryTensor tensor(gaussians(11, 9));
    CHECK_THROWS_AS(counted(tensor, {integerFormat(16, true), 1}, LevelAxis::Value, 1),
                    std::invalid_argument);
    CHECK_THROWS_AS(counted(tensor, {integerFormat(12, true), 1}, LevelAxis::Magnitude, 1),
                    std::invalid_argument);
    CHECK_THROWS_AS(counted(tensor, gridOf(numberFormatFrom("int8-affine"), 1), LevelAxis::Magnitude, 1),
                    std::invalid_argument);
}

}  // namespace tests
