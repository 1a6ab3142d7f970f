#include "quant/curve_pass.h"

#include "app/explorer/sliced_job.h"
#include "engine/commands.h"
#include "quant/buffer_copy.h"
#include "quant/linear_histogram.h"
#include "quant/profile_pass.h"
#include "quant/sweep.h"
#include "shaders/profile.h"
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

constexpr uint64_t ampleBytes = uint64_t{256} << 20;
constexpr double curveBound = 0x1p-17;  // of CurvePass
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> floatsOf(const engine::BufferRange& range) {
    std::vector<float> values(range.sizeBytes / sizeof(float));
    engine::readBack(device(), range, std::as_writable_bytes(std::span(values)));
    return values;
}

std::vector<NumberFormat> someFormats() {
    return {integerFormat(4, true), numberFormatFrom("fp4-e2m1"), integerFormat(8, false),
            numberFormatFrom("pot4"), integerFormat(1, true)};
}

std::vector<float> clipsUpTo(float largest, uint32_t points) {
    std::vector<float> clips;
    for (uint32_t i = 1; i <= points; ++i)
        clips.push_back(largest * (static_cast<float>(i) / static_cast<float>(points)));
    return clips;
}

struct Curves {
    std::vector<std::vector<float>> floats;
    std::vector<std::vector<double>> doubles;
    bool operator==(const Curves&) const = default;
};

Curves curvesOf(const CurvePass& pass) {
    Curves curves;
    for (size_t f = 0; f < pass.formats().size(); ++f) {
        curves.floats.push_back(floatsOf(pass.measured(f)));
        curves.doubles.push_back(pass.readMeasured(f));
    }
    return curves;
}

Curves measuredCurves(const TensorFile& file, const Profile& profile,
                      const std::vector<NumberFormat>& formats, std::span<const float> clips,
                      uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(file, 0);
    CurvePass pass(device(), formats, clips);
    pass.run(stream, profile);
    CHECK(pass.elementsSeen() == stream.elements());
    return curvesOf(pass);
}

void checkCurves(const MemoryTensor& tensor, uint64_t budgetBytes = ampleBytes, uint32_t points = 11) {
    const Profile profile = reference::profile(tensor.values());
    const float absmax = profile.absmax();
    const auto formats = someFormats();
    const auto clips = clipsUpTo(absmax, points);
    const Curves curves = measuredCurves(tensor, profile, formats, clips, budgetBytes);
    const auto finite = static_cast<double>(profile.finite());
    for (size_t f = 0; f < formats.size(); ++f) {
        for (size_t i = 0; i < clips.size(); ++i) {
            INFO(formats[f].name() << ", clip " << clips[i]);
            if (finite == 0) {
                CHECK(std::isnan(curves.doubles[f][i]));
                CHECK(std::isnan(curves.floats[f][i]));
                continue;
            }
            const double expected =
                floatSquaredError(tensor.values(), {formats[f], clips[i]}, absmax) / finite;
            CHECK(std::abs(curves.doubles[f][i] - expected) <= curveBound * expected);
            if (expected > 0x1p-125 && expected < 0x1p126)
                CHECK(std::abs(static_cast<double>(curves.floats[f][i]) - expected) <= curveBound * expected);
        }
    }
}

}  // namespace

TEST_CASE("Measured curves are within the bound of the reference for every size and type",
          "[device][curve_pass]") {
    for (const size_t size : awkwardSizes()) {
        for (const DType dtype : {DType::F32, DType::F16, DType::BF16, DType::F64}) {
            INFO(name(dtype) << ", " << size << " elements");
            checkCurves(MemoryTensor(gaussians(size, size + 3), dtype));
        }
    }
}

TEST_CASE("Measured curves are within the bound of the reference on awkward data", "[device][curve_pass]") {
    for (const auto& [name, values] : awkwardSamples(30011)) {
        INFO(name);
        checkCurves(MemoryTensor(values));
    }
}

TEST_CASE("Measured curves are within the bound of the reference at every scale", "[device][curve_pass]") {
    for (const float scale : {0x1p-149f, 0x1p-130f, 0x1p-62f, 0x1p-50f, 0x1p50f, 0x1p124f}) {
        INFO("scale " << scale);
        checkCurves(MemoryTensor(gaussians(1001, 4, scale)));
    }
}

TEST_CASE("Measured curves of many points are within the bound", "[device][curve_pass]") {
    checkCurves(MemoryTensor(laplaces(8209, 5)), ampleBytes, 1031);
}

TEST_CASE("Curves of a tensor that is streamed are within the bound", "[device][curve_pass]") {
    checkCurves(MemoryTensor(gaussians(1200007, 6)), uint64_t{1} << 20, 3);
}

// Most runs are visited out of order.
TEST_CASE("Curves of more than one chunk are within the bound", "[device][curve_pass]") {
    checkCurves(MemoryTensor(gaussians((size_t{4} << 20) + 8195, 7)), ampleBytes, 2);
}

TEST_CASE("Measured curves are what a sweep measures", "[device][curve_pass]") {
    const MemoryTensor tensor(laplaces(50021, 8));
    Analyzer analyzer(device(), ampleBytes);
    const Sweep swept = sweep(analyzer, tensor, 0, {.bits = 4, .points = 64});
    const std::vector<float> clips(swept.clips.begin(), swept.clips.end());
    const Profile profile = reference::profile(tensor.values());
    const Curves curves = measuredCurves(tensor, profile, {swept.format}, clips);
    for (size_t i = 0; i < clips.size(); ++i) {
        INFO("clip " << clips[i]);
        // Both sums are off by their bounds.
        CHECK(std::abs(curves.doubles[0][i] - swept.measured[i]) <= 2 * curveBound * swept.measured[i]);
    }
}

TEST_CASE("Modelled curves are those of a sweep", "[device][curve_pass]") {
    const MemoryTensor tensor(laplaces(100003, 9));
    const Profile profile = reference::profile(tensor.values());
    Analyzer analyzer(device(), ampleBytes);
    for (const char* name : {"int4", "uint8", "fp4-e2m1", "pot4"}) {
        const NumberFormat format = numberFormatFrom(name);
        const Sweep swept = sweep(analyzer, tensor, 0, {.format = format, .points = 20});
        const std::vector<float> clips(swept.clips.begin(), swept.clips.end());
        CurvePass pass(device(), {format}, clips);
        pass.model(profile);
        const auto modelled = floatsOf(pass.modelled(0));
        for (size_t i = 0; i < clips.size(); ++i) {
            INFO(name << ", clip " << clips[i]);
            CHECK(std::abs(static_cast<double>(modelled[i]) - swept.modelled[i]) <= 0.01 * swept.modelled[i]);
        }
    }
}

TEST_CASE("Curves hold NaN before anything has been seen", "[device][curve_pass]") {
    const CurvePass pass(device(), someFormats(), clipsUpTo(1, 5));
    CHECK(pass.elementsSeen() == 0);
    for (const auto& range : {pass.measured(), pass.modelled()}) {
        const auto values = floatsOf(range);
        CHECK(values.size() == 25);
        CHECK(std::ranges::all_of(values, [](float x) { return std::isnan(x); }));
    }
    CHECK(floatsOf(pass.clips()) == clipsUpTo(1, 5));
}

TEST_CASE("Curves do not depend on slices, to the bit", "[device][curve_pass][bounds]") {
    const MemoryTensor tensor(gaussians(200003, 10));
    const Profile profile = reference::profile(tensor.values());
    const std::vector<NumberFormat> formats = {integerFormat(4, true), numberFormatFrom("pot4")};
    const auto clips = clipsUpTo(profile.absmax(), 64);
    for (const uint64_t budgetBytes : {ampleBytes, uint64_t{1} << 19}) {
        const Curves expected = measuredCurves(tensor, profile, formats, clips, budgetBytes);
        Curves found;
        app::SlicedJob job(device(),
                           [&] { found = measuredCurves(tensor, profile, formats, clips, budgetBytes); });
        int turns = 0;
        while (!job.runPauses(3)) ++turns;
        CHECK(turns >= 2);
        CHECK(found == expected);
    }
}

// Its end is three times as wide as its beginning.
TEST_CASE("A curve of half a tensor is like the whole", "[device][curve_pass]") {
    std::vector<float> values = gaussians(size_t{1} << 18, 11);
    for (size_t i = 0; i < values.size(); ++i) values[i] *= 1 + 2 * static_cast<float>(i) / 0x1p18f;
    const MemoryTensor tensor(values);
    const Profile profile = reference::profile(values);
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    CurvePass pass(device(), {integerFormat(4, true)}, clipsUpTo(1, 256));
    app::SlicedJob job(device(), [&] { pass.run(stream, profile); });
    while (pass.elementsSeen() < values.size() / 2 && !job.runPauses(1)) {
    }
    REQUIRE(pass.elementsSeen() < values.size());
    const auto early = pass.readMeasured(0);
    while (!job.runPauses(1000)) {
    }
    const auto whole = pass.readMeasured(0);
    for (size_t i = 0; i < whole.size(); ++i) {
        INFO("point " << i << ": " << early[i] << ", " << whole[i]);
        CHECK(std::abs(early[i] - whole[i]) <= 0.2 * whole[i]);
    }
}

TEST_CASE("A curve pass runs again after it was cancelled", "[device][curve_pass]") {
    const MemoryTensor tensor(gaussians(500009, 12)), next(gaussians(70001, 13));
    const Profile profile = reference::profile(tensor.values()),
                  nextProfile = reference::profile(next.values());
    const auto clips = clipsUpTo(3, 50);
    TensorStream stream(device(), ampleBytes);
    CurvePass pass(device(), someFormats(), clips);
    {
        app::SlicedJob job(device(), [&] {
            stream.select(tensor, 0);
            pass.run(stream, profile);
        });
        CHECK(!job.runPauses(9));
    }
    stream.select(next, 0);
    pass.run(stream, nextProfile);
    CHECK(curvesOf(pass) == measuredCurves(next, nextProfile, someFormats(), clips));
}

TEST_CASE("Curves reject formats without a single clip and clips out of range", "[device][curve_pass]") {
    const std::vector<float> clips = {1.0f};
    for (const char* name : {"int8-affine", "mxfp4", "nvfp4", "q3.4", "bf16"})
        CHECK_THROWS_AS(CurvePass(device(), {numberFormatFrom(name)}, clips), std::invalid_argument);
    const std::vector<NumberFormat> formats = {integerFormat(4, true)};
    for (const float clip : {-1.0f, nan, std::numeric_limits<float>::infinity()})
        CHECK_THROWS_AS(CurvePass(device(), formats, std::vector{clip}), std::invalid_argument);
    CHECK_THROWS_AS(CurvePass(device(), formats, {}), std::invalid_argument);
    CHECK_THROWS_AS(CurvePass(device(), formats, std::vector<float>(4097, 1.0f)), std::invalid_argument);
    CHECK_THROWS_AS(CurvePass(device(), {}, clips), std::invalid_argument);
}

TEST_CASE("The profile's counts lie on the device and outlive it as a copy", "[device][curve_pass]") {
    const MemoryTensor tensor(gaussians(20011, 14)), next(gaussians(5003, 15));
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    ProfilePass pass(device());
    const Profile profile = pass.profile(stream);
    const engine::Buffer kept = copied(device(), pass.counts(), "kept counts");
    stream.select(next, 0);
    pass.profile(stream);
    std::vector<uint64_t> counts(shaders::profileCountWords / 2);
    REQUIRE(kept.sizeBytes() == counts.size() * 8);
    engine::readBack(device(), kept, std::as_writable_bytes(std::span(counts)));
    for (uint32_t bin = 0; bin < Profile::binsPerSide; ++bin) {
        CHECK(counts[bin] == profile.count(bin, Sides::Positive));
        CHECK(counts[Profile::binsPerSide + bin] == profile.count(bin, Sides::Negative));
    }
}

TEST_CASE("The linear histogram's counts lie on the device", "[device][curve_pass]") {
    const MemoryTensor tensor(gaussians(20011, 16));
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    LinearHistogramPass pass(device());
    const LinearHistogram histogram = pass.count(stream, Sides::Both, reference::absmax(tensor.values()));
    LinearHistogram counts(linearBins);
    engine::readBack(device(), pass.counts(), std::as_writable_bytes(std::span(counts)));
    CHECK(counts == histogram);
}

}  // namespace tests
