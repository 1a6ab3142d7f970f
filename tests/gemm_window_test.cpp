#include "quant/gemm.h"
#include "tests/device_fixture.h"
#include "tests/gemm_operands.h"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

// The matrix that a window stands for, [image][k][n], from images [image][channels * height][width].
std::vector<double> columnsOf(const Operand& images, const GemmWindow& window, uint32_t count) {
    std::vector<double> columns;
    const uint32_t area = window.kernelHeight * window.kernelWidth;
    const uint32_t k = window.channels * area, n = window.outHeight * window.outWidth;
    for (uint64_t i = 0; i < uint64_t{count} * k * n; ++i) {
        const auto out = static_cast<uint32_t>(i % n), row = static_cast<uint32_t>(i / n % k);
        const uint32_t inKernel = row % area, channel = row / area;
        const int64_t y = int64_t{out / window.outWidth} * window.strideY - window.padTop +
                          int64_t{inKernel / window.kernelWidth} * window.dilationY;
        const int64_t x = int64_t{out % window.outWidth} * window.strideX - window.padLeft +
                          int64_t{inKernel % window.kernelWidth} * window.dilationX;
        const bool isInside = y >= 0 && y < window.height && x >= 0 && x < window.width;
        const auto line = uint64_t{channel} * window.height + static_cast<uint64_t>(y);
        columns.push_back(isInside ? images.at(i / n / k, line, static_cast<uint64_t>(x)) : window.padding);
    }
    return columns;
}

// Channels, height and width, the kernel's, strides, dilations, padding on the top and on the left.
using Geometry = std::array<uint32_t, 11>;
constexpr Geometry geometries[] = {{3, 7, 9, 3, 3, 1, 1, 1, 1, 1, 1},
                                   {1, 5, 4, 1, 1, 1, 1, 1, 1, 0, 0},
                                   {2, 11, 6, 5, 2, 2, 1, 1, 3, 4, 0},
                                   {5, 4, 8, 2, 3, 3, 2, 2, 1, 1, 3}};

GemmWindow windowOf(const Geometry& geometry, int32_t padding) {
    const auto& [channels, height, width, kernelHeight, kernelWidth, strideY, strideX, dilationY, dilationX,
                 padTop, padLeft] = geometry;
    const auto out = [](uint32_t padded, uint32_t kernel, uint32_t stride, uint32_t dilation) {
        return (padded - (kernel - 1) * dilation - 1) / stride + 1;
    };
    return {.channels = channels,
            .height = height,
            .width = width,
            .kernelHeight = kernelHeight,
            .kernelWidth = kernelWidth,
            .outHeight = out(height + 2 * padTop, kernelHeight, strideY, dilationY),
            .outWidth = out(width + 2 * padLeft, kernelWidth, strideX, dilationX),
            .strideY = strideY,
            .strideX = strideX,
            .dilationY = dilationY,
            .dilationX = dilationX,
            .padTop = padTop,
            .padLeft = padLeft,
            .padding = padding};
}

constexpr uint32_t images = 3, rowsOfA = 10;

void checkWindow(GemmTypes types, GemmPath path, const Geometry& geometry, uint64_t seed) {
    const GemmWindow window = windowOf(geometry, isInteger(types) ? -3 : 0);
    const uint32_t k = window.channels * window.kernelHeight * window.kernelWidth;
    const uint32_t n = window.outHeight * window.outWidth;
    const Operand a = randomOperand(types.a, rowsOfA, k, seed, {.gap = 1});
    Operand stored = randomOperand(types.b, window.channels * window.height, window.width, seed + 1,
                                   {.count = images, .first = 1});
    const Operand columns = operandOf(types.b, k, n, columnsOf(stored, window, images), {.count = images});
    stored.matrix.window = window;
    stored.rows = k;
    stored.columns = n;
    const GemmPlan plan{path, {2, 1, 4}};
    Gemm gemm(device()), small(device(), 4000);  // which packs some panels at a time
    Product dense(a, columns, images);
    dense.run(gemm, plan);
    CHECK(dense.worst() <= 1);
    for (Gemm* products : {&gemm, &small}) {
        Product implicit(a, stored, images);
        implicit.run(*products, plan);
        CHECK(implicit.words() == dense.words());
    }
}

}  // namespace

TEST_CASE("A window of images multiplies as the matrix of its columns does", "[device][gemm][bounds]") {
    const Gemm gemm(device());
    uint64_t seed = 1;
    for (const GemmTypes types :
         {GemmTypes(GemmType::Fp32), GemmTypes(GemmType::Fp16), GemmTypes(GemmType::Int4, GemmType::Int8)}) {
        for (const GemmPath path : {GemmPath::Tiled, GemmPath::Dot, GemmPath::Coopmat}) {
            if (!std::ranges::contains(gemm.paths(types), path)) continue;
            for (const Geometry& geometry : geometries) {
                INFO(name(types) << " " << name(path) << " seed " << seed);
                checkWindow(types, path, geometry, seed++);
            }
        }
    }
}

TEST_CASE("Windows that do not fit their product are refused", "[device][gemm]") {
    Gemm gemm(device());
    const Operand a = randomOperand(GemmType::Fp32, 3, 9, 1);
    const GemmWindow good = windowOf({1, 5, 5, 3, 3, 1, 1, 1, 1, 0, 0}, 0);
    const auto refuses = [&](const GemmWindow& window, GemmPath path, const std::string& why) {
        Operand stored = randomOperand(GemmType::Fp32, 5, 5, 2);
        stored.rows = stored.columns = 9;
        stored.matrix.window = window;
        Product product(a, stored);
        try {
            product.run(gemm, {path, {2, 1, 4}});
            FAIL("was not refused: " << why);
        } catch (const std::invalid_argument& error) {
            INFO(error.what());
            CHECK(std::string(error.what()).contains(why));
        }
    };
    GemmWindow window = good;
    refuses(window, GemmPath::Reference, "'reference' reads matrices as they lie");
    window.channels = 2;
    refuses(window, GemmPath::Tiled, "has not k elements");
    window = good;
    window.outWidth = 4;
    refuses(window, GemmPath::Tiled, "has not n places");
    window = good;
    window.height = 6;
    refuses(window, GemmPath::Tiled, "matrix B is larger than its buffer");
    window = good;
    window.padding = 1;
    refuses(window, GemmPath::Tiled, "no value of its elements");
    window = good;
    window.strideY = 1u << 29;
    window.outHeight = 9;
    window.outWidth = 1;
    refuses(window, GemmPath::Tiled, "reaches over 2^31");
    window = good;
    window.strideX = 0;
    refuses(window, GemmPath::Tiled, "extents of 0");
}

}  // namespace tests
