// Measured errors of every number format.
#include "quant/error_pass.h"
#include "tests/device_fixture.h"
#include "tests/float_grid.h"
#include "tests/memory_tensor.h"
#include "tests/number_format_cases.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{64} << 20;
constexpr double sumBound = 64 * 0x1p-24;  // of ErrorPass

ErrorPass& pass() {
    static ErrorPass errors(device());
    return errors;
}

std::vector<ClippedGrid> gridsFor(const NumberFormat& format, float absmax) {
    if (format.fixedScale()) return {ClippedGrid::at(format, 0)};
    if (!format.isAffine) return {{format, absmax}, {format, 0.3f * absmax}, {format, 0}};
    return {{format, absmax, -absmax}, {format, 0.3f * absmax, -0.2f * absmax}, {format, absmax, 0}};
}

void checkErrors(const MemoryTensor& tensor, std::span<const ClippedGrid> grids) {
    const float absmax = reference::absmax(tensor.values());
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    const auto errors = pass().measure(stream, absmax, grids);
    REQUIRE(errors.size() == grids.size());
    for (size_t i = 0; i < grids.size(); ++i) {
        const double expected = floatSquaredError(tensor.values(), grids[i], absmax);
        INFO(grids[i].format.name() << ", clip " << grids[i].clip << ", low " << grids[i].low << ", "
                                    << tensor.values().size() << " elements");
        if (std::abs(errors[i].squared - expected) > sumBound * expected)
            CHECK(errors[i].squared == expected);
        if (errors[i].clipped != clippedCount(tensor.values(), grids[i]))
            CHECK(errors[i].clipped == clippedCount(tensor.values(), grids[i]));
    }
}

std::vector<ClippedGrid> allGrids(float absmax) {
    std::vector<ClippedGrid> grids;
    for (const NumberFormat& format : everyFormat()) {
        for (const ClippedGrid& grid : gridsFor(format, absmax)) grids.push_back(grid);
    }
    return grids;
}

std::vector<ClippedGrid> someGrids(float absmax) {
    std::vector<ClippedGrid> grids;
    for (const char* name :
         {"binary", "int2", "int8-full", "int5-affine", "uint16-affine", "q3.4", "uq4.4", "pot4", "fp8-e4m3",
          "fp8-e5m2", "fp6-e3m2", "fp4-e2m1", "fp16", "bf16", "tf32"}) {
        for (const ClippedGrid& grid : gridsFor(numberFormatFrom(name), absmax)) grids.push_back(grid);
    }
    return grids;
}

}  // namespace

TEST_CASE("The error of every format is within the bound of the reference", "[device][error_pass]") {
    const MemoryTensor tensor(gaussians(8209, 51));
    checkErrors(tensor, allGrids(reference::absmax(tensor.values())));
}

TEST_CASE("The error of every spacing is within the bound on every size and type", "[device][error_pass]") {
    for (const size_t size : {0u, 1u, 2u, 3u, 5u, 6u, 31u, 255u, 8191u, 8193u}) {
        for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
            const MemoryTensor tensor(gaussians(size, size + 52), dtype);
            checkErrors(tensor, someGrids(reference::absmax(tensor.values())));
        }
    }
}

TEST_CASE("The error of every spacing is within the bound on awkward data", "[device][error_pass]") {
    for (const auto& [kind, values] : awkwardSamples(1031)) {
        INFO(kind);
        checkErrors(MemoryTensor(values), someGrids(reference::absmax(values)));
    }
}

TEST_CASE("NaN and Inf add no error on any grid", "[device][error_pass]") {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(),
                    infinity = std::numeric_limits<float>::infinity();
    const MemoryTensor tensor(std::vector<float>{nan, infinity, -infinity, -nan, 3.0f});
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    const ClippedGrid binary{numberFormatFrom("binary"), 2.0f};
    CHECK(pass().measure(stream, 3, {&binary, 1}).front().squared == 1);
    checkErrors(tensor, someGrids(3));
}

TEST_CASE("Zeros cost a binary grid its step", "[device][error_pass]") {
    const MemoryTensor tensor(std::vector<float>{0, -0.0f, 1, -1, 0});
    const ClippedGrid binary{numberFormatFrom("binary"), 2.0f};
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    CHECK(pass().measure(stream, 1, {&binary, 1}).front().squared == 3 * 4 + 2);
}

TEST_CASE("Elements that a grid can say have no error", "[device][error_pass]") {
    for (const FormatCases& cases : formatCases()) {
        if (cases.decoded.empty()) continue;
        std::vector<float> values;
        for (const double value : cases.decoded) {
            if (std::isfinite(value) && value >= cases.format.smallest())
                values.push_back(static_cast<float>(value));
        }
        const MemoryTensor tensor(values);
        const ClippedGrid grid = {cases.format, static_cast<float>(cases.format.clipLevel())};
        TensorStream stream(device(), ampleBytes);
        stream.select(tensor, 0);
        INFO(cases.format.name());
        CHECK(pass().measure(stream, reference::absmax(values), {&grid, 1}).front().squared == 0);
    }
}

TEST_CASE("Every segment is measured with its own grid of any spacing", "[device][error_pass]") {
    const std::vector<uint64_t> shape = {11, 13, 17};
    const MemoryTensor tensor(gaussians(11 * 13 * 17, 53), DType::F32, shape);
    const float absmax = reference::absmax(tensor.values());
    for (const char* cut : {"channel:0", "channel:1", "channel:2", "group:5"}) {
        const Granularity granularity = granularityFrom(cut);
        const auto segments = reference::segments(tensor.values(), shape, granularity);
        std::vector<std::vector<ClippedGrid>> candidates;
        for (const char* name : {"binary", "int4-affine", "fp8-e4m3", "fp4-e2m1", "pot4", "bf16", "int3"}) {
            auto& row = candidates.emplace_back();
            for (size_t s = 0; s < segments.size(); ++s) {
                const float clip = absmax * static_cast<float>(s % 17 + 1) / 17;
                const NumberFormat format = numberFormatFrom(name);
                row.push_back(format.isAffine ? ClippedGrid{format, clip, -0.7f * clip}
                                              : ClippedGrid::at(format, clip));
            }
        }
        TensorStream stream(device(), ampleBytes);
        stream.select(tensor, 0);
        const auto errors =
            pass().measure(stream, absmax, layoutOf(tensor.tensors()[0], granularity, ""), candidates);
        for (size_t c = 0; c < candidates.size(); ++c) {
            double squared = 0;
            uint64_t clipped = 0;
            for (size_t s = 0; s < segments.size(); ++s) {
                squared += floatSquaredError(segments[s], candidates[c][s], absmax);
                clipped += clippedCount(segments[s], candidates[c][s]);
            }
            INFO(candidates[c][0].format.name() << " by " << cut);
            CHECK(std::abs(errors[c].squared - squared) <= sumBound * squared);
            CHECK(errors[c].clipped == clipped);
        }
    }
}

}  // namespace tests
