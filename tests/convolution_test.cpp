#include "quant/convolution.h"

#include "tests/convolution_case.h"
#include "tests/device_fixture.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace tests {

using namespace quant;

namespace {

constexpr GemmType types[] = {GemmType::Fp32, GemmType::Fp16, GemmType::Bf16, GemmType::Int8,
                              GemmType::Uint8};

Convolution& convolution() {
    static Convolution convolutions(device());
    return convolutions;
}

std::string text(const ConvolutionShape& s) {
    const auto pair = [](uint32_t a, uint32_t b) { return std::to_string(a) + "x" + std::to_string(b); };
    return std::to_string(s.images) + " images " + std::to_string(s.channels) + "x" +
           pair(s.height, s.width) + ", " + std::to_string(s.filters) + " filters " +
           pair(s.kernelHeight, s.kernelWidth) + ", stride " + pair(s.strideY, s.strideX) + ", padding " +
           pair(s.padTop, s.padLeft) + " " + pair(s.padBottom, s.padRight) + ", dilation " +
           pair(s.dilationY, s.dilationX) + ", groups " + std::to_string(s.groups);
}

// On every path that takes it.
void checkAll(ConvolutionCase& one, Convolution& by = convolution()) {
    const auto& [ofOne, shape, input, weights, output, bias, zeroPoint, activation, finishing] =
        one.problem();
    for (const ConvolutionPath path : Convolution::paths(ofOne, shape)) {
        one.run(by, path);
        INFO(name(ofOne) << " " << name(path) << " " << text(shape) << (bias ? ", bias" : "")
                         << ", zero point " << zeroPoint);
        CHECK(one.worst() <= 1);
    }
}

ConvolutionShape threeByThree(uint32_t channels, uint32_t height, uint32_t width, uint32_t filters,
                              uint32_t pad = 1) {
    return {.channels = channels,
            .height = height,
            .width = width,
            .filters = filters,
            .kernelHeight = 3,
            .kernelWidth = 3,
            .padTop = pad,
            .padLeft = pad,
            .padBottom = pad,
            .padRight = pad};
}

ConvolutionShape randomShape(Random& random) {
    ConvolutionShape shape;
    shape.images = 1 + random.below(2);
    const uint32_t groups[] = {1, 1, 1, 2, 3, 5};
    shape.groups = groups[random.below(6)];
    shape.channels = shape.groups * (1 + random.below(4));
    shape.filters = shape.groups * (1 + random.below(6));
    shape.kernelHeight = 1 + random.below(5);
    shape.kernelWidth = 1 + random.below(5);
    shape.strideY = 1 + random.below(3);
    shape.strideX = 1 + random.below(3);
    shape.dilationY = 1 + random.below(3);
    shape.dilationX = 1 + random.below(3);
    if (random.below(3) == 0) {  // what Winograd takes
        shape.kernelHeight = shape.kernelWidth = 3;
        shape.strideY = shape.strideX = shape.dilationY = shape.dilationX = 1;
        shape.channels /= shape.groups;
        shape.filters /= shape.groups;
        shape.groups = 1;
    }
    for (uint32_t* pad : {&shape.padTop, &shape.padLeft, &shape.padBottom, &shape.padRight})
        *pad = random.below(4);
    const auto extent = [&](uint32_t kernel, uint32_t dilation, uint32_t padding) {
        const uint32_t reach = (kernel - 1) * dilation + 1;
        return 1 + random.below(19) + (reach > padding ? reach - padding : 0);
    };
    shape.height = extent(shape.kernelHeight, shape.dilationY, shape.padTop + shape.padBottom);
    shape.width = extent(shape.kernelWidth, shape.dilationX, shape.padLeft + shape.padRight);
    return shape;
}

}  // namespace

TEST_CASE("Convolutions of random geometry are right on every path", "[device][convolution]") {
    Random random(20);
    for (uint64_t round = 0; round < 64; ++round) {
        ConvolutionCase one(types[round % 5], randomShape(random), round);
        if (round % 2 == 0) one.addBias();
        // Sums of integers that wrap are not compared with zero.
        if (round % 3 == 0 && !isInteger(types[round % 5])) one.rectify();
        if (types[round % 5] == GemmType::Int8)
            one.setZeroPoint(static_cast<int32_t>(random.below(256)) - 128);
        if (types[round % 5] == GemmType::Uint8) one.setZeroPoint(static_cast<int32_t>(random.below(256)));
        checkAll(one);
    }
}

TEST_CASE("Convolutions of awkward extents are right on every path", "[device][convolution]") {
    uint64_t seed = 1;
    for (const ConvolutionShape& shape : {
             ConvolutionShape{},
             threeByThree(1, 1, 1, 1),
             threeByThree(3, 2, 7, 4),
             threeByThree(2, 7, 8, 5),
             threeByThree(5, 4, 9, 3),
             threeByThree(2, 3, 31, 2, 0),
             threeByThree(9, 5, 33, 1, 2),
             ConvolutionShape{.channels = 3, .height = 1, .width = 131, .filters = 2, .kernelWidth = 7},
             ConvolutionShape{.channels = 2, .height = 67, .width = 1, .filters = 9, .kernelHeight = 4},
             ConvolutionShape{.channels = 65, .height = 3, .width = 3, .filters = 17},
             ConvolutionShape{
                 .channels = 4, .height = 6, .width = 6, .filters = 4, .kernelHeight = 6, .kernelWidth = 6},
             ConvolutionShape{.height = 2, .width = 3, .padTop = 3, .padLeft = 9, .padBottom = 2},
         }) {
        for (const GemmType type : {GemmType::Fp32, GemmType::Fp16, GemmType::Int8}) {
            ConvolutionCase one(type, shape, seed++);
            checkAll(one);
        }
    }
}

TEST_CASE("Depthwise convolutions are right, with one filter or several for a channel",
          "[device][convolution]") {
    uint64_t seed = 60;
    for (const uint32_t stride : {1, 2}) {
        for (const uint32_t filters : {7, 21}) {
            for (const GemmType type : types) {
                ConvolutionShape shape = threeByThree(7, 13, 18, filters);
                shape.groups = 7;
                shape.strideY = shape.strideX = stride;
                ConvolutionCase one(type, shape, seed++);
                one.addBias();
                checkAll(one);
            }
        }
    }
}

TEST_CASE("Convolutions are the same in chunks of bounded scratch memory", "[device][convolution]") {
    Convolution tight(device(), 4096);
    ConvolutionShape shape = threeByThree(10, 21, 37, 7);
    shape.images = 2;
    for (const GemmType type : types) {
        ConvolutionCase one(type, shape, 70);
        one.addBias();
        checkAll(one, tight);
        shape.groups = 1;
    }
    // Kernels of one element, whose columns are the input as it lies.
    for (const GemmType type : {GemmType::Fp32, GemmType::Int8}) {
        ConvolutionCase point(
            type, {.images = 2, .channels = 20, .height = 12, .width = 15, .filters = 9, .groups = 1}, 72);
        point.addBias();
        checkAll(point, tight);
    }
    // More channels than fit: a filter and a run of tiles at a time.
    ConvolutionCase deep(GemmType::Fp32, threeByThree(97, 5, 40, 3), 71);
    checkAll(deep, tight);
}

TEST_CASE("Direct dispatches of more than one piece leave nothing out", "[device][convolution]") {
    // 118 M operations on ones, beyond one piece of a CPU driver.
    const ConvolutionShape shape = threeByThree(64, 256, 400, 1);
    ConvolutionCase one(GemmType::Fp32, shape, std::vector<double>(inputElements(shape), 1),
                        std::vector<double>(weightElements(shape), 1));
    one.run(convolution(), ConvolutionPath::Direct);
    bool isRight = true;
    for (uint32_t i = 0; i < one.words().size(); ++i) {
        const uint32_t y = i / 400 % 256, x = i % 400;
        const uint32_t seen = (y == 0 || y == 255 ? 2 : 3) * (x == 0 || x == 399 ? 2 : 3);
        isRight = isRight && std::bit_cast<float>(one.words()[i]) == static_cast<float>(64 * seen);
    }
    CHECK(isRight);
}

TEST_CASE("No convolution reads or writes beyond its tensors", "[device][convolution][bounds]") {
    for (const GemmType type : {GemmType::Fp32, GemmType::Uint8}) {
        ConvolutionCase one(type, threeByThree(5, 7, 11, 3), 7);
        checkAll(one);
    }
}

TEST_CASE("Sums of the largest 8-bit integers wrap, and padding holds the zero point",
          "[device][convolution][bounds]") {
    for (const GemmType type : {GemmType::Int8, GemmType::Uint8}) {
        const double value = type == GemmType::Int8 ? -128 : 255;
        const ConvolutionShape shape = threeByThree(130, 3, 3, 2);
        ConvolutionCase one(type, shape, std::vector<double>(130 * 9, value),
                            std::vector<double>(2 * 130 * 9, value));
        one.addBias();
        one.setZeroPoint(type == GemmType::Int8 ? -7 : 200);
        checkAll(one);
    }
}

TEST_CASE("Winograd gives small integers exactly with tiles of two", "[device][convolution][bounds]") {
    Random random(80);
    ConvolutionShape shape = threeByThree(6, 11, 19, 5);
    std::vector<double> input(inputElements(shape)), weights(weightElements(shape));
    for (double& x : input) x = static_cast<double>(random.below(101)) - 50;
    // Multiples of 4 keep the quarters of G g G^T whole.
    for (double& w : weights) w = 4 * (static_cast<double>(random.below(21)) - 10);
    for (const GemmType type : {GemmType::Fp32, GemmType::Fp16, GemmType::Bf16}) {
        ConvolutionCase one(type, shape, input, weights);
        one.run(convolution(), ConvolutionPath::Direct);
        const std::vector<uint32_t> direct = one.words();
        one.run(convolution(), ConvolutionPath::Winograd2);
        bool isEqual = true;  // of values: zeros may differ in sign
        for (size_t i = 0; i < direct.size(); ++i)
            isEqual = isEqual && std::bit_cast<float>(direct[i]) == std::bit_cast<float>(one.words()[i]);
        CHECK(isEqual);
    }
}

TEST_CASE("Winograd keeps the precision of fp32 on normal deviates", "[device][convolution]") {
    for (const GemmType type : {GemmType::Fp32, GemmType::Fp16}) {
        ConvolutionCase one(type, threeByThree(64, 12, 12, 8), 85);
        for (const ConvolutionPath path : {ConvolutionPath::Winograd2, ConvolutionPath::Winograd4}) {
            one.run(convolution(), path);
            INFO(name(type) << " " << name(path));
            CHECK(one.meanError() <= (path == ConvolutionPath::Winograd2 ? 0x1p-21 : 0x1p-18));
        }
    }
}

TEST_CASE("Cancellation and large magnitudes stay within the bounds", "[device][convolution]") {
    const ConvolutionShape shape = threeByThree(24, 14, 10, 3);
    Random random(90);
    std::vector<double> input(inputElements(shape)), weights(weightElements(shape));
    // Neighbours of opposite sign and equal size up to a few units in the last place.
    for (size_t i = 0; i < input.size(); ++i)
        input[i] = (i % 2 ? -1e12f : 1e12f) * (1 + 0x1p-20f * static_cast<float>(random.below(16)));
    for (double& w : weights) w = 1 + 0x1p-20f * static_cast<float>(random.below(16));
    ConvolutionCase opposite(GemmType::Fp32, shape, input, weights);
    checkAll(opposite);
    for (double& x : input) x = random.heavyTail();
    for (double& w : weights) w = random.heavyTail();
    ConvolutionCase heavy(GemmType::Fp32, shape, input, weights);
    checkAll(heavy);
}

TEST_CASE("Subnormal halves are convolved as they are", "[device][convolution][bounds]") {
    const ConvolutionShape shape{.height = 1, .width = 2, .kernelWidth = 2};
    ConvolutionCase one(GemmType::Fp16, shape, {0x1p-24, 3 * 0x1p-24}, {1024, 2});
    for (const ConvolutionPath path :
         {ConvolutionPath::Direct, ConvolutionPath::Im2col, ConvolutionPath::Implicit}) {
        one.run(convolution(), path);
        CHECK(std::bit_cast<float>(one.words()[0]) == 0x1p-14f + 6 * 0x1p-24f);
    }
}

TEST_CASE("NaN and infinity reach the outputs that see them, or their tiles, and nothing else",
          "[device][convolution]") {
    const ConvolutionShape shape = threeByThree(3, 13, 22, 2);
    constexpr int row = 6, column = 11;
    for (const float odd :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        for (const GemmType type : {GemmType::Fp32, GemmType::Fp16, GemmType::Bf16}) {
            std::vector<double> input(inputElements(shape), 1);
            input[(13 + row) * 22 + column] = odd;
            ConvolutionCase one(type, shape, input, std::vector<double>(weightElements(shape), 1));
            for (const ConvolutionPath path : Convolution::paths(type, shape)) {
                one.run(convolution(), path);
                INFO(name(type) << " " << name(path) << " " << odd);
                const int tile = path == ConvolutionPath::Winograd2   ? 2
                                 : path == ConvolutionPath::Winograd4 ? 4
                                                                      : 1;
                bool areSeen = true, areOthersRight = true;
                for (int i = 0; i < static_cast<int>(one.words().size()); ++i) {
                    const float value = std::bit_cast<float>(one.words()[static_cast<size_t>(i)]);
                    const int y = i / 22 % 13, x = i % 22;
                    const auto isNear = [&](int place, int centre) {
                        const int first = place / tile * tile;
                        return centre >= first - 1 && centre <= first + tile;
                    };
                    if (std::abs(y - row) <= 1 && std::abs(x - column) <= 1)
                        areSeen = areSeen && !std::isfinite(value);
                    else if (tile == 1 || !isNear(y, row) || !isNear(x, column))
                        areOthersRight = areOthersRight && std::isfinite(value) && value > 11;
                }
                CHECK(areSeen);
                CHECK(areOthersRight);
            }
        }
    }
}

TEST_CASE("Without images there is nothing to convolve", "[device][convolution]") {
    ConvolutionShape shape = threeByThree(3, 5, 5, 2);
    shape.images = 0;
    for (const GemmType type : types) {
        ConvolutionCase one(type, shape, 1);
        checkAll(one);
    }
}

TEST_CASE("What is chosen for a convolution takes it", "[device][convolution]") {
    const auto chosen = [](GemmType type, const ConvolutionShape& shape) {
        const ConvolutionPath path = convolution().pathFor(
            {.types = type, .shape = shape, .input = {}, .weights = {}, .output = {}, .bias = {}});
        CHECK(Convolution::problemOf(type, shape, path).empty());
        return path;
    };
    ConvolutionShape depthwise = threeByThree(256, 28, 28, 256);
    depthwise.groups = 256;
    ConvolutionShape strided = threeByThree(64, 56, 56, 64);
    strided.strideX = strided.strideY = 2;
    for (const GemmType type : types) {
        CHECK(chosen(type, depthwise) == ConvolutionPath::Direct);
        CHECK(chosen(type, threeByThree(2, 4, 4, 8)) == ConvolutionPath::Direct);
        CHECK(chosen(type, strided) == ConvolutionPath::Implicit);
        CHECK(chosen(type, threeByThree(64, 14, 14, 64)) == ConvolutionPath::Implicit);
        const ConvolutionPath middling = chosen(type, threeByThree(256, 14, 14, 256));
        CHECK(middling == (isInteger(type) ? ConvolutionPath::Implicit : ConvolutionPath::Winograd2));
        const ConvolutionPath large = chosen(type, threeByThree(64, 56, 56, 64));
        CHECK(large == (isInteger(type) ? ConvolutionPath::Implicit : ConvolutionPath::Winograd4));
        const ConvolutionShape point{.channels = 64, .height = 56, .width = 56, .filters = 64};
        CHECK(chosen(type, point) == ConvolutionPath::Im2col);
    }
    CHECK(chosen(GemmType::Fp32, threeByThree(16, 224, 224, 16)) == ConvolutionPath::Direct);
    CHECK(chosen(GemmType::Fp16, threeByThree(16, 224, 224, 16)) == ConvolutionPath::Implicit);
}

TEST_CASE("What cannot be convolved is refused, saying why", "[device][convolution]") {
    ConvolutionCase one(GemmType::Fp32, threeByThree(2, 8, 8, 4), 1);
    one.run(convolution(), ConvolutionPath::Direct);
    const auto refuses = [&](auto change, ConvolutionPath path, const std::string& why) {
        ConvolutionProblem problem = one.problem();
        change(problem);
        try {
            convolution().convolve(problem, path);
            FAIL("was not refused: " << why);
        } catch (const std::invalid_argument& error) {
            INFO(error.what());
            CHECK(std::string(error.what()).contains(why));
        }
    };
    for (const ConvolutionPath path : convolutionPaths) {
        refuses([](auto& problem) { problem.shape.strideX = 0; }, path, "horizontal stride is 0");
        refuses([](auto& problem) { problem.shape.height = 9; }, path, "inputs are larger");
        refuses([](auto& problem) { problem.weights.sizeBytes -= 4; }, path, "weights are larger");
        refuses([](auto& problem) { problem.output.sizeBytes -= 4; }, path, "outputs are larger");
        refuses([](auto& problem) { problem.output = {}; }, path, "no outputs");
        refuses([](auto& problem) { problem.input.offset += 2; }, path, "inputs begin within a word");
        refuses([](auto& problem) { problem.bias = engine::BufferRange(*problem.input.buffer, 0, 12); }, path,
                "biases are larger");
        refuses([](auto& problem) { problem.inputZeroPoint = 1; }, path, "no level of fp32");
    }
    ConvolutionProblem unreasonable = one.problem();
    unreasonable.shape.groups = 0;
    CHECK_THROWS_AS(convolution().convolve(unreasonable), std::invalid_argument);
    unreasonable = one.problem();
    unreasonable.shape.strideX = 0;
    CHECK_THROWS_AS(convolution().convolve(unreasonable), std::invalid_argument);
    for (const ConvolutionPath path : convolutionPaths)
        refuses([](auto& problem) { problem.types = GemmType::Tf32; }, path, "tf32 are not convolved");
    refuses([](auto& problem) { problem.types = GemmTypes::halfSums(); }, ConvolutionPath::Direct,
            "are not convolved");
    refuses(
        [](auto& problem) {
            problem.types = GemmType::Int8;
            problem.inputZeroPoint = 128;
        },
        ConvolutionPath::Direct, "128 is no level of int8");
    refuses(
        [](auto& problem) {
            problem.types = GemmType::Uint8;
            problem.inputZeroPoint = -1;
        },
        ConvolutionPath::Im2col, "-1 is no level of uint8");
    refuses([](auto& problem) { problem.types = GemmType::Int8; }, ConvolutionPath::Winograd2,
            "'winograd2' takes floats alone");
    refuses([](auto& problem) { problem.shape.strideY = 2; }, ConvolutionPath::Winograd4,
            "'winograd4' takes 3 x 3 kernels");
    refuses([](auto& problem) { problem.shape.groups = 2; }, ConvolutionPath::Winograd2, "groups of 1 alone");
}

}  // namespace tests
