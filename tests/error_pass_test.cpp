#include "quant/error_pass.h"

#include "quant/profile_pass.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;
constexpr double sumBound = 64 * 0x1p-24;  // of ErrorPass

ErrorPass& pass() {
    static ErrorPass errors(device());
    return errors;
}

// Clips from far too small to the largest magnitude on several grids; ten candidates take more than one team.
std::vector<ClippedGrid> candidatesFor(float absmax) {
    std::vector<ClippedGrid> candidates = {{}};
    for (const NumberFormat grid : {NumberFormat{2, true}, NumberFormat{4, true}, NumberFormat{8, false}}) {
        for (const double share : {0.01, 0.4, 1.0})
            candidates.push_back({grid, static_cast<float>(share * absmax)});
    }
    return candidates;
}

std::vector<MeasuredError> measure(const TensorFile& file, float absmax,
                                   std::span<const ClippedGrid> candidates,
                                   uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(file, 0);
    return pass().measure(stream, absmax, candidates);
}

void checkErrors(const MemoryTensor& tensor) {
    const float absmax = reference::absmax(tensor.values());
    const auto candidates = candidatesFor(absmax);
    const auto errors = measure(tensor, absmax, candidates);
    REQUIRE(errors.size() == candidates.size());
    for (size_t i = 0; i < candidates.size(); ++i) {
        const auto expected = reference::floatError(tensor.values(), candidates[i], absmax);
        INFO("candidate " << i << ", clip " << candidates[i].clip);
        CHECK(std::abs(errors[i].squared - expected.squared) <= sumBound * expected.squared);
        CHECK(errors[i].clipped == expected.clipped);
    }
}

bool same(std::span<const MeasuredError> a, std::span<const MeasuredError> b) {
    return std::ranges::equal(
        a, b, [](const auto& x, const auto& y) { return x.squared == y.squared && x.clipped == y.clipped; });
}

}  // namespace

TEST_CASE("Measured errors are within the bound of the reference for every size and type",
          "[device][error_pass][bounds]") {
    for (const size_t size : awkwardSizes()) {
        for (const DType dtype : {DType::F32, DType::F16, DType::BF16, DType::F64}) {
            INFO(name(dtype) << ", " << size << " elements");
            checkErrors(MemoryTensor(gaussians(size, size + 3), dtype));
        }
    }
}

TEST_CASE("Measured errors are within the bound of the reference on awkward data", "[device][error_pass]") {
    for (const auto& [name, values] : awkwardSamples(8209)) {
        INFO(name);
        checkErrors(MemoryTensor(values));
    }
}

TEST_CASE("Measured errors are within the bound of the reference at every scale", "[device][error_pass]") {
    for (const float scale :
         {0x1p-149f, 0x1p-140f, 0x1p-126f, 0x1p-95f, 0x1p-88f, 0x1p-60f, 0x1p60f, 0x1p124f}) {
        INFO("scale " << scale);
        checkErrors(MemoryTensor(gaussians(1001, 4, scale)));
    }
}

// Above 2^-90 elements are scaled in floats, which flush subnormals on some devices.
TEST_CASE("Subnormal elements count beside a small largest magnitude", "[device][error_pass]") {
    for (const float largest : {0x1p-91f, 0x1p-89f, 0x1p-80f}) {
        std::vector<float> values(999, 0x1p-127f);
        values.push_back(largest);
        INFO("largest " << largest);
        checkErrors(MemoryTensor(values));
    }
}

// The product with the rounded inverse step is off by less than 2^-22 of x, so an element's error is, too; by
// Minkowski's inequality the roots of the sums differ by less than 2^-22 of the root of the energy.
TEST_CASE("Measured errors are those of the uniform quantizer up to float rounding", "[device][error_pass]") {
    for (const char* kind : {"gaussian", "heavy tail", "two values", "huge", "denormals"}) {
        const auto samples = awkwardSamples(8209);
        const auto& values = std::ranges::find(samples, kind, &Sample::name)->values;
        const float absmax = reference::absmax(values);
        const auto candidates = candidatesFor(absmax);
        const auto errors = measure(MemoryTensor(values), absmax, candidates);
        const double allowed = 0x1p-22 * std::sqrt(reference::energy(values));
        for (size_t i = 0; i < candidates.size(); ++i) {
            const double expected = std::sqrt(reference::exactError(values, candidates[i]).squared);
            INFO(kind << ", candidate " << i << ", clip " << candidates[i].clip);
            CHECK(std::abs(std::sqrt(errors[i].squared) - expected) <= allowed + sumBound * expected);
        }
    }
}

TEST_CASE("Data on the grid has no error", "[device][error_pass]") {
    Random random(5);
    std::vector<float> values(20011);
    for (float& x : values) x = static_cast<float>(static_cast<int>(random.below(15)) - 7) * 0.25f;
    const ClippedGrid grid{{4, true}, 1.75f};
    const auto errors = measure(MemoryTensor(values), 1.75f, {&grid, 1});
    CHECK(errors[0].squared == 0);
    CHECK(errors[0].clipped == 0);
}

TEST_CASE("Halves round to even levels", "[device][error_pass]") {
    const std::vector<float> values = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 7.0f};
    const ClippedGrid grid{{4, true}, 7.0f};
    const auto errors = measure(MemoryTensor(values), 7.0f, {&grid, 1});
    CHECK(errors[0].squared == 6 * 0.25);
}

TEST_CASE("NaN and Inf add no error and are not clipped", "[device][error_pass]") {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(),
                    infinity = std::numeric_limits<float>::infinity();
    const std::vector<float> values = {nan, infinity, -infinity, -nan, 3.0f, 0.0f};
    const ClippedGrid grid{{2, true}, 2.0f};
    const auto errors = measure(MemoryTensor(values), 3.0f, {&grid, 1});
    CHECK(errors[0].squared == 1);
    CHECK(errors[0].clipped == 1);
}

TEST_CASE("The energy is the sum of squares within the bound", "[device][error_pass]") {
    for (const auto& [name, values] : awkwardSamples(8209)) {
        INFO(name);
        const MemoryTensor tensor(values);
        TensorStream stream(device(), ampleBytes);
        stream.select(tensor, 0);
        const double expected = reference::energy(values);
        CHECK(std::abs(pass().energy(stream, reference::absmax(values)) - expected) <= sumBound * expected);
    }
}

TEST_CASE("Chunking does not change a bit of the measured errors", "[device][error_pass]") {
    for (const DType dtype : {DType::F32, DType::BF16}) {
        const MemoryTensor tensor(gaussians(300007, 6), dtype);
        const float absmax = reference::absmax(tensor.values());
        const auto candidates = candidatesFor(absmax);
        const auto whole = measure(tensor, absmax, candidates);
        for (const uint64_t budgetBytes : {uint64_t{1} << 18, uint64_t{1} << 20, uint64_t{3} << 20}) {
            CHECK(same(measure(tensor, absmax, candidates, budgetBytes), whole));
        }
    }
}

TEST_CASE("Errors beyond one chunk are within the bound of the reference", "[device][error_pass]") {
    const MemoryTensor tensor(gaussians((size_t{4} << 20) + 8195, 7));
    const float absmax = reference::absmax(tensor.values());
    const ClippedGrid grid{{4, true}, 2.5f};
    const auto errors = measure(tensor, absmax, {&grid, 1});
    const auto expected = reference::floatError(tensor.values(), grid, absmax);
    CHECK(std::abs(errors[0].squared - expected.squared) <= sumBound * expected.squared);
    CHECK(errors[0].clipped == expected.clipped);
}

// 200 candidates over 400,009 elements are more than one dispatch may evaluate on a CPU device (2^26).
TEST_CASE("Candidates measured together or alone give the same", "[device][error_pass]") {
    const MemoryTensor tensor(gaussians(400009, 8));
    const float absmax = reference::absmax(tensor.values());
    std::vector<ClippedGrid> candidates;
    for (int i = 1; i <= 200; ++i) candidates.push_back({{4, true}, absmax * static_cast<float>(i) / 200});
    const auto together = measure(tensor, absmax, candidates);
    for (const size_t i : {0u, 7u, 8u, 130u, 199u})
        CHECK(same(measure(tensor, absmax, {&candidates[i], 1}), {&together[i], 1}));
}

TEST_CASE("No candidates and no elements give no errors", "[device][error_pass]") {
    CHECK(measure(MemoryTensor(gaussians(10, 9)), 1, {}).empty());
    const ClippedGrid grid{{4, true}, 1.0f};
    const auto errors = measure(MemoryTensor(std::vector<float>()), 0, {&grid, 1});
    CHECK(errors.at(0).squared == 0);
    CHECK(errors.at(0).clipped == 0);
}

namespace {

// Every segment's own clip, a candidate being one grid for all segments.
std::vector<std::vector<ClippedGrid>> segmentCandidates(uint64_t segments, float absmax) {
    std::vector<std::vector<ClippedGrid>> candidates;
    Random random(10);
    for (const NumberFormat grid : {NumberFormat{2, true}, NumberFormat{4, true}, NumberFormat{8, false}}) {
        auto& row = candidates.emplace_back();
        for (uint64_t i = 0; i < segments; ++i)
            row.push_back({grid, absmax * static_cast<float>(random.below(100)) / 100});
    }
    return candidates;
}

void checkSegments(const std::vector<uint64_t>& shape, const Granularity& granularity, uint64_t budgetBytes) {
    uint64_t elements = 1;
    for (const uint64_t extent : shape) elements *= extent;
    const MemoryTensor tensor(gaussians(elements, 11), DType::F32, shape);
    const float absmax = reference::absmax(tensor.values());
    const SegmentLayout layout = layoutOf(tensor.tensors()[0], granularity, "memory");
    const auto candidates = segmentCandidates(layout.segments, absmax);
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    const auto errors = pass().measure(stream, absmax, layout, candidates);
    const auto segments = reference::segments(tensor.values(), shape, granularity);
    for (size_t c = 0; c < candidates.size(); ++c) {
        reference::Error expected;
        for (size_t s = 0; s < segments.size(); ++s) {
            const auto one = reference::floatError(segments[s], candidates[c][s], absmax);
            expected.squared += one.squared;
            expected.clipped += one.clipped;
        }
        INFO(granularity.name() << ", candidate " << c);
        CHECK(std::abs(errors[c].squared - expected.squared) <= sumBound * expected.squared);
        CHECK(errors[c].clipped == expected.clipped);
    }
}

}  // namespace

TEST_CASE("Every segment is measured with its own grid", "[device][error_pass][bounds]") {
    using Kind = Granularity::Kind;
    for (const uint64_t budgetBytes : {uint64_t{1} << 18, ampleBytes}) {
        for (const uint32_t axis : {0u, 1u, 2u})
            checkSegments({23, 37, 41}, {Kind::Channel, axis, 0}, budgetBytes);
        for (const uint64_t size : {1u, 7u, 32u, 1000u})
            checkSegments({101, 331}, {Kind::Group, 0, size}, budgetBytes);
        checkSegments({5, 101, 67}, {Kind::Group, 0, 16, 1}, budgetBytes);
        checkSegments({5, 101, 67}, {Kind::Block, 0, 9, {}, 20}, budgetBytes);
    }
}

TEST_CASE("A clip far below the largest magnitude has a finite error", "[device][error_pass]") {
    std::vector<float> values(100, 0.005f);
    values[3] = 3.4e38f;
    for (const float clip : {0.01f, 1e-20f, 1e-45f}) {
        const std::vector<ClippedGrid> candidates = {{{4, true}, clip}};
        const auto errors = measure(MemoryTensor(values), 3.4e38f, candidates);
        INFO("clip " << clip);
        CHECK(std::abs(errors[0].squared / (3.4e38 * 3.4e38) - 1) < 1e-5);
        CHECK(errors[0].clipped == (clip < 0.005f ? 100u : 1u));
    }
}

}  // namespace tests
