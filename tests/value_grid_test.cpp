#include "quant/value_grid.h"

#include "engine/commands.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

using Shape = std::vector<uint64_t>;
constexpr uint64_t ampleBytes = uint64_t{256} << 20;
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

struct Pictures {
    std::vector<float> original, quantized, difference;
};

Pictures picturesOf(const TensorFile& file, const ValueWindow& window, const ClippedGrid& grid,
                    uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    ValueGrid pass(device());
    pass.load(stream, file, 0, window, grid);
    const auto read = [&](const engine::BufferRange& range) {
        std::vector<float> values(window.rows * window.columns);
        engine::readBack(device(), range, std::as_writable_bytes(std::span(values)));
        return values;
    };
    return {read(pass.original()), read(pass.quantized()), read(pass.difference())};
}

bool isSame(float a, float b) {
    return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b)) ||
           (a == 0 && b == 0);
}

// The steps are powers of two: the quantized values are exact.
void checkWindow(const MemoryTensor& tensor, const ValueWindow& window, const ClippedGrid& grid,
                 uint64_t budgetBytes = ampleBytes) {
    const Pictures found = picturesOf(tensor, window, grid, budgetBytes);
    const ValueShape shape(tensor.tensors()[0]);
    for (uint64_t row = 0; row < window.rows; ++row) {
        for (uint64_t column = 0; column < window.columns; ++column) {
            const uint64_t inSlice = (window.firstRow + row) * shape.columns + window.firstColumn + column;
            const bool isThere = inSlice < shape.sliceElements;
            const float x = isThere ? tensor.values()[window.slice * shape.sliceElements + inSlice] : nan;
            const auto largest = static_cast<float>(grid.format.largest()) * grid.step();
            const float q = std::isnan(x)   ? nan
                            : std::isinf(x) ? std::copysign(largest, x)
                                            : static_cast<float>(grid.quantize(double{x}));
            const size_t i = row * window.columns + column;
            const bool isRight = isSame(found.original[i], x) && isSame(found.quantized[i], q) &&
                                 isSame(found.difference[i], q - x);
            INFO("row " << row << ", column " << column << ": " << found.original[i] << " "
                        << found.quantized[i] << " " << found.difference[i] << " for " << x << " " << q);
            REQUIRE(isRight);
        }
    }
}

const ClippedGrid grid4{integerFormat(4, true), 1.75f};

}  // namespace

TEST_CASE("A window holds the elements, the quantized ones and the difference of every type",
          "[device][value_grid]") {
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16, DType::F64}) {
        const MemoryTensor tensor(gaussians(3 * 5 * 41 * 37, 2), dtype, {3, 5, 41, 37});
        INFO(name(dtype));
        for (const uint64_t slice : {0u, 7u, 14u}) {
            checkWindow(tensor, {slice, 0, 41, 0, 37}, grid4);
            checkWindow(tensor, {slice, 5, 30, 3, 31}, grid4);
            checkWindow(tensor, {slice, 40, 1, 36, 1}, grid4);
        }
    }
}

TEST_CASE("A window of a tensor of one axis is folded, NaN where it has ended",
          "[device][value_grid][bounds]") {
    for (const size_t size : awkwardSizes()) {
        const MemoryTensor tensor(gaussians(size, size + 1), DType::F32, {size});
        const ValueShape shape(tensor.tensors()[0]);
        INFO(size << " elements in " << shape.rows << " rows of " << shape.columns);
        CHECK(shape.rows * shape.columns >= size);
        CHECK(shape.rows * shape.columns < size + shape.columns);
        checkWindow(tensor, {0, 0, shape.rows, 0, shape.columns}, grid4);
        if (shape.rows > 1 && shape.columns > 2)
            checkWindow(tensor, {0, 1, shape.rows - 1, 1, shape.columns - 2}, grid4);
    }
}

TEST_CASE("NaN stays NaN in a window and infinities are clipped", "[device][value_grid]") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const MemoryTensor tensor(std::vector<float>{nan, infinity, -infinity, -nan, 0.3f, -0.0f}, DType::F32,
                              {2, 3});
    for (const char* name : {"int4", "int8", "fp4-e2m1", "binary"}) {
        const NumberFormat format = numberFormatFrom(name);
        INFO(name);
        checkWindow(tensor, {0, 0, 2, 0, 3}, {format, static_cast<float>(format.clipLevel() * 0.25)});
    }
}

TEST_CASE("A window is quantized to formats of every spacing", "[device][value_grid]") {
    const MemoryTensor tensor(gaussians(61 * 67, 3), DType::F32, {61, 67});
    for (const char* name : {"int2", "uint4", "fp8-e4m3", "pot4", "binary", "int8-full", "bf16", "fp16"}) {
        const NumberFormat format = numberFormatFrom(name);
        INFO(name);
        checkWindow(tensor, {0, 0, 61, 0, 67},
                    ClippedGrid::at(format, static_cast<float>(format.clipLevel() * 0.0625)));
    }
}

TEST_CASE("A window of the smallest normal magnitudes is quantized", "[device][value_grid]") {
    const MemoryTensor tensor(gaussians(31 * 33, 4, 0x1p-100f), DType::F32, {31, 33});
    checkWindow(tensor, {0, 0, 31, 0, 33}, {integerFormat(4, true), 7 * 0x1p-102f});
}

TEST_CASE("A window is read in chunks where memory is short", "[device][value_grid]") {
    const MemoryTensor tensor(gaussians(700 * 500, 5), DType::F32, {700, 500});
    checkWindow(tensor, {0, 3, 600, 11, 450}, grid4, uint64_t{1} << 18);
}

TEST_CASE("A window without elements, and one after another", "[device][value_grid]") {
    const MemoryTensor tensor(gaussians(20 * 30, 6), DType::F32, {20, 30});
    checkWindow(tensor, {0, 20, 0, 30, 0}, grid4);
    TensorStream stream(device(), ampleBytes);
    ValueGrid pass(device());
    pass.load(stream, tensor, 0, {0, 0, 20, 0, 30}, grid4);
    pass.load(stream, tensor, 0, {0, 2, 3, 4, 5}, grid4);
    CHECK(pass.original().sizeBytes == 15 * sizeof(float));
    std::vector<float> values(15);
    engine::readBack(device(), pass.original(), std::as_writable_bytes(std::span(values)));
    CHECK(values[0] == tensor.values()[2 * 30 + 4]);
    CHECK(values[14] == tensor.values()[4 * 30 + 8]);
}

TEST_CASE("Windows beyond the tensor or too large are rejected", "[device][value_grid]") {
    const MemoryTensor tensor(gaussians(2 * 20 * 30, 7), DType::F32, {2, 20, 30});
    for (const ValueWindow& window : {ValueWindow{2, 0, 1, 0, 1}, ValueWindow{0, 10, 11, 0, 1},
                                      ValueWindow{0, 0, 1, 29, 2}, ValueWindow{0, 21, 0, 0, 1}})
        CHECK_THROWS_AS(picturesOf(tensor, window, grid4), std::invalid_argument);
    CHECK_THROWS_AS(picturesOf(tensor, {0, 0, 1, 0, 1}, {numberFormatFrom("mxfp4"), 1}),
                    std::invalid_argument);
    const MemoryTensor large(std::vector<float>(2049 * 2048), DType::F32, {2049, 2048});
    CHECK_THROWS_AS(picturesOf(large, {0, 0, 2049, 0, 2048}, grid4), std::invalid_argument);
}

}  // namespace tests
