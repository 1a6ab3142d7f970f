#include "quant/quantize_pass.h"

#include "tests/device_fixture.h"
#include "tests/float_grid.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20, scarceBytes = uint64_t{1} << 20;

float valueOf(const FloatGrid& grid, float x) {
    return std::isnan(x) ? x : static_cast<float>(grid.value(x));
}

template <class T>
std::vector<T> quantized(const MemoryTensor& tensor, const SegmentLayout& layout,
                         const std::vector<ClippedGrid>& grids, DType target,
                         uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    std::vector<std::byte> bytes;
    QuantizePass(device()).quantize(stream, layout, grids, target, {}, [&](std::span<const std::byte> some) {
        bytes.insert(bytes.end(), some.begin(), some.end());
    });
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
}

SegmentLayout whole(const MemoryTensor& tensor) {
    return layoutOf(tensor.tensors()[0], {}, "");
}

bool isSame(float a, float b) {
    return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (a == 0 && b == 0);
}

void checkValues(const MemoryTensor& tensor, const ClippedGrid& grid) {
    const FloatGrid expected(grid, reference::absmax(tensor.values()));
    const auto values = quantized<float>(tensor, whole(tensor), {grid}, DType::F32);
    REQUIRE(values.size() == tensor.values().size());
    for (size_t i = 0; i < values.size(); ++i) {
        if (isSame(values[i], valueOf(expected, tensor.values()[i]))) continue;
        INFO("element " << i << ": " << tensor.values()[i]);
        CHECK(values[i] == valueOf(expected, tensor.values()[i]));
    }
}

}  // namespace

TEST_CASE("Fake quantization gives step times the nearest level, ties to even", "[device][quantize_pass]") {
    const MemoryTensor tensor(
        std::vector<float>{0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 0.49f, 3.6f, -9.0f, 0.0f});
    const auto values = quantized<float>(tensor, whole(tensor), {{{3, true}, 3.0f}}, DType::F32);
    const std::vector<float> expected = {0, 2, 2, 0, -2, -2, 0, 3, -3, 0};
    for (size_t i = 0; i < expected.size(); ++i) CHECK(values[i] == expected[i]);
}

TEST_CASE("Fake quantized values equal the reference on awkward sizes and data",
          "[device][quantize_pass][bounds]") {
    for (const size_t size : awkwardSizes())
        checkValues(MemoryTensor(gaussians(size, size)), {{4, true}, 2.0f});
    for (const auto& [name, values] : awkwardSamples(517)) {
        const float absmax = reference::absmax(values);
        for (const float share : {0.3f, 1.0f}) {
            // Where a step is subnormal the product of level and step rounds twice.
            if (absmax * share / 127 < 0x1p-120f && absmax > 0) continue;
            INFO(name << ", clip at " << share);
            checkValues(MemoryTensor(values), {{8, true}, absmax * share});
            checkValues(MemoryTensor(values), {{8, false}, absmax * share});
        }
    }
}

TEST_CASE("Values of tiny tensors survive", "[device][quantize_pass]") {
    std::vector<float> values;
    for (int i = -20; i <= 20; ++i) values.push_back(std::ldexp(static_cast<float>(i), -140));
    const ClippedGrid grid{{8, true}, std::ldexp(20.0f, -140)};
    for (const float value :
         quantized<float>(MemoryTensor(values), whole(MemoryTensor(values)), {grid}, DType::F32)) {
        CHECK(std::abs(value) <= grid.clip * 1.001f);
    }
    const auto quantizedValues =
        quantized<float>(MemoryTensor(values), whole(MemoryTensor(values)), {grid}, DType::F32);
    for (size_t i = 0; i < values.size(); ++i) {
        CHECK(std::abs(quantizedValues[i] - values[i]) <= grid.clip / 127 / 2 * 1.01f);
    }
}

TEST_CASE("Levels are the integers of the grid", "[device][quantize_pass]") {
    auto values = gaussians(5001, 3);
    values[7] = std::numeric_limits<float>::quiet_NaN();
    values[8] = std::numeric_limits<float>::infinity();
    values[9] = -std::numeric_limits<float>::infinity();
    const MemoryTensor tensor(values);
    const float absmax = reference::absmax(values);
    const ClippedGrid narrow{{8, true}, 2.5f}, wide{{12, true}, 2.5f}, positive{{8, false}, 2.5f};
    const auto bytes = quantized<int8_t>(tensor, whole(tensor), {narrow}, DType::I8);
    const auto words = quantized<int16_t>(tensor, whole(tensor), {wide}, DType::I16);
    const auto naturals = quantized<uint8_t>(tensor, whole(tensor), {positive}, DType::U8);
    REQUIRE(bytes.size() == values.size());
    size_t wrong = 0;
    for (size_t i = 0; i < values.size(); ++i) {
        wrong += static_cast<double>(bytes[i]) != FloatGrid(narrow, absmax).element(values[i]);
        wrong += static_cast<double>(words[i]) != FloatGrid(wide, absmax).element(values[i]);
        wrong += static_cast<double>(naturals[i]) != FloatGrid(positive, absmax).element(values[i]);
    }
    CHECK(wrong == 0);
    CHECK(static_cast<int>(bytes[7]) == 0);
    CHECK(static_cast<int>(bytes[8]) == 127);
    CHECK(static_cast<int>(bytes[9]) == -127);
}

TEST_CASE("A 16-bit tensor is quantized to values of its own type", "[device][quantize_pass]") {
    const MemoryTensor tensor(gaussians(1003, 5), DType::F16);
    const ClippedGrid grid{{5, true}, 1.7f};
    const FloatGrid expected(grid, reference::absmax(tensor.values()));
    const auto halves = quantized<uint16_t>(tensor, whole(tensor), {grid}, DType::F16);
    for (size_t i = 0; i < halves.size(); ++i) {
        CHECK(floatFromHalf(halves[i]) == floatFromHalf(halfFrom(valueOf(expected, tensor.values()[i]))));
    }
    const MemoryTensor coarse(gaussians(1003, 6), DType::BF16);
    const FloatGrid coarseGrid(grid, reference::absmax(coarse.values()));
    const auto patterns = quantized<uint16_t>(coarse, whole(coarse), {grid}, DType::BF16);
    for (size_t i = 0; i < patterns.size(); ++i) {
        const float value = valueOf(coarseGrid, coarse.values()[i]);
        CHECK(std::abs(floatFromBfloat(patterns[i]) - value) <= std::abs(value) * 0x1p-8f);
    }
}

TEST_CASE("Every element meets the grid of its own segment, however the tensor is cut",
          "[device][quantize_pass][bounds]") {
    const std::vector<uint64_t> shape = {7, 90, 60};
    const MemoryTensor tensor(gaussians(7 * 90 * 60, 9), DType::F32, shape);
    for (const char* name : {"channel:0", "channel:1", "channel:2", "group:7", "group:60", "group:32",
                             "group:16:1", "group:3:0", "block:16x9", "block:90x60"}) {
        const Granularity granularity = granularityFrom(name);
        const SegmentLayout layout = layoutOf(tensor.tensors()[0], granularity, "");
        std::vector<ClippedGrid> grids;
        for (uint64_t s = 0; s < layout.segments; ++s)
            grids.push_back({{4, true}, 0.5f + 0.01f * static_cast<float>(s % 150)});
        const float absmax = reference::absmax(tensor.values());
        for (const uint64_t budget : {ampleBytes, scarceBytes}) {
            INFO(name << ", budget " << budget);
            const auto values = quantized<float>(tensor, layout, grids, DType::F32, budget);
            size_t wrong = 0;
            for (size_t i = 0; i < values.size(); ++i) {
                const auto& grid = grids[reference::segmentOf(i, shape, granularity)];
                wrong += values[i] != valueOf(FloatGrid(grid, absmax), tensor.values()[i]);
            }
            CHECK(wrong == 0);
        }
    }
}

TEST_CASE("What is far beyond the clip goes to the outermost levels", "[device][quantize_pass]") {
    const MemoryTensor tensor(std::vector<float>{3.4e38f, -3.4e38f, 0.005f, 1e-30f});
    const auto levels = quantized<int8_t>(tensor, whole(tensor), {{{4, true}, 0.01f}}, DType::I8);
    CHECK(std::vector<int>(levels.begin(), levels.end()) == std::vector<int>{7, -7, 4, 0});
    const auto values = quantized<float>(tensor, whole(tensor), {{{4, true}, 0.01f}}, DType::F32);
    CHECK(std::abs(values[0] - 0.01f) < 1e-8f);
}

}  // namespace tests
