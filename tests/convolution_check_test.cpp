#include "quant/convolution_check.h"

#include "quant/convolution.h"
#include "quant/half_float.h"

#include <catch2/catch_test_macros.hpp>

#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>

using namespace quant;

namespace {

template <class Element>
std::vector<std::byte> bytesOf(const std::vector<Element>& elements) {
    std::vector<std::byte> bytes(elements.size() * sizeof(Element));
    if (!bytes.empty()) std::memcpy(bytes.data(), elements.data(), bytes.size());
    return bytes;
}

template <class Element>
HostConvolution convolutionOf(GemmType type, const ConvolutionShape& shape, const std::vector<Element>& input,
                              const std::vector<Element>& weights) {
    return {.types = type, .shape = shape, .input = bytesOf(input), .weights = bytesOf(weights)};
}

// [[1 2 3] [4 5 6]] with [[1 2] [3 4]]: one row of two.
const ConvolutionShape smallShape{.height = 2, .width = 3, .kernelHeight = 2, .kernelWidth = 2};
HostConvolution smallConvolution() {
    return convolutionOf<float>(GemmType::Fp32, smallShape, {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4});
}
const std::vector<float> smallResult = {37, 47};

ElementCheck checkOf(const HostConvolution& convolution, const std::vector<float>& result,
                     ConvolutionPath path = ConvolutionPath::Direct) {
    return ConvolutionReference(convolution).check(bytesOf(result), path);
}

// So many rows and columns of ones, or others, with one 3 x 3 filter of ones and padding of 1: sums of 4, 6
// and 9.
HostConvolution squareOfOnes(uint32_t extent) {
    const ConvolutionShape shape{.height = extent,
                                 .width = extent,
                                 .kernelHeight = 3,
                                 .kernelWidth = 3,
                                 .padTop = 1,
                                 .padLeft = 1,
                                 .padBottom = 1,
                                 .padRight = 1};
    return convolutionOf<float>(GemmType::Fp32, shape, std::vector<float>(extent * extent, 1),
                                std::vector<float>(9, 1));
}
std::vector<float> sumsOfOnes(uint32_t extent) {
    std::vector<float> sums;
    for (uint32_t y = 0; y < extent; ++y) {
        for (uint32_t x = 0; x < extent; ++x) {
            const bool isOnRow = y == 0 || y == extent - 1, isOnColumn = x == 0 || x == extent - 1;
            sums.push_back((isOnRow ? 2.f : 3.f) * (isOnColumn ? 2.f : 3.f));
        }
    }
    return sums;
}

void setFloat(std::vector<std::byte>& bytes, size_t index, float value) {
    std::memcpy(bytes.data() + index * sizeof value, &value, sizeof value);
}

}  // namespace

TEST_CASE("A right convolution passes its check, of each type", "[convolution]") {
    const auto halves = [](uint16_t (*from)(float), std::vector<float> values) {
        std::vector<uint16_t> result;
        for (const float x : values) result.push_back(from(x));
        return result;
    };
    const std::vector<float> input = {1, 2, 3, 4, 5, 6}, weights = {1, 2, 3, 4};
    for (const HostConvolution& convolution :
         {smallConvolution(),
          convolutionOf(GemmType::Fp16, smallShape, halves(halfFromFloat, input),
                        halves(halfFromFloat, weights)),
          convolutionOf(GemmType::Bf16, smallShape, halves(bfloatFromFloat, input),
                        halves(bfloatFromFloat, weights))}) {
        const ElementCheck check = checkOf(convolution, smallResult);
        CHECK(check.isPassed());
        CHECK(check.elements == 2);
        CHECK(check.maxError == 0);
        CHECK(check.problem().empty());
    }
    auto integers = convolutionOf<uint8_t>(GemmType::Uint8, smallShape, {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4});
    const auto isRight = [&](const std::vector<int32_t>& result) {
        return ConvolutionReference(integers).check(bytesOf(result), ConvolutionPath::Im2col).isPassed();
    };
    CHECK(isRight({37, 47}));
    integers.types = GemmType::Int8;
    CHECK(isRight({37, 47}));
    CHECK_FALSE(isRight({37, 46}));
    integers.types = {GemmType::Int4, GemmType::Int8};
    integers.weights = bytesOf<uint8_t>({0x2f, 0x43});  // -1 2 3 4
    CHECK(isRight({35, 43}));
    integers.types = {GemmType::Binary, GemmType::Int8};
    integers.weights = bytesOf<uint8_t>({0b1010});  // -1 1 -1 1
    CHECK(isRight({2, 2}));
}

TEST_CASE("An output beyond its bound fails the check, and one within does not", "[convolution]") {
    const double bound = convolutionErrorBound(4) * 47;
    for (const double sign : {-1.0, 1.0}) {
        auto result = smallResult;
        result[1] = static_cast<float>(47 + sign * 0.8 * bound);
        const ElementCheck near = checkOf(smallConvolution(), result);
        CHECK(near.isPassed());
        CHECK(near.maxError > 0.5 * bound);
        result[1] = static_cast<float>(47 + sign * 3 * bound);
        const ElementCheck far = checkOf(smallConvolution(), result);
        CHECK(far.exceeding == 1);
        CHECK(std::abs(far.errorBound / bound - 1) < 1e-6);
        CHECK(far.index == 1);
        CHECK(far.problem().starts_with(
            "1 of 2 elements compared are wrong; the worst, of image 0, filter 0, row 0 and column 1, is"));
    }
}

TEST_CASE("Images, filters, groups, strides, dilations and each side of padding count in the check",
          "[convolution]") {
    // Two images of two channels, a filter for each group; rows 2 apart, columns of the kernel 2 apart.
    const ConvolutionShape shape{.images = 2,
                                 .channels = 2,
                                 .height = 3,
                                 .width = 2,
                                 .filters = 2,
                                 .kernelHeight = 1,
                                 .kernelWidth = 2,
                                 .strideY = 2,
                                 .padTop = 1,
                                 .padLeft = 0,
                                 .padBottom = 0,
                                 .padRight = 2,
                                 .dilationX = 2,
                                 .groups = 2};
    auto convolution = convolutionOf<int8_t>(
        GemmType::Int8, shape,
        {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1, -2, -3, -4, -5, -6, 0, 0, 0, 1, 0, 0}, {1, 10, 2, 20});
    convolution.inputZeroPoint = 5;
    const std::vector<int32_t> right = {
        // rows above the first and 1, columns 0 and 1, with what is 2 to the right
        55, 55, 53, 54, 110, 110, 118, 120, 55, 55, 47, 46, 110, 110, 100, 102};
    const ConvolutionReference reference(convolution);
    CHECK(reference.check(bytesOf(right), ConvolutionPath::Direct).isPassed());
    for (size_t i = 0; i < right.size(); ++i) {
        auto wrong = right;
        --wrong[i];
        const ElementCheck check = reference.check(bytesOf(wrong), ConvolutionPath::Direct);
        CHECK(check.exceeding == 1);
        CHECK(check.index == i);
        CHECK(check.maxError == 1);
    }
}

TEST_CASE("Sums of a convolution of integers are compared modulo 2^32", "[convolution]") {
    constexpr uint32_t depth = 70'000;  // of products of 65025, which exceed 2^32
    const std::vector<uint8_t> ones(depth, 255);
    const auto convolution = convolutionOf(GemmType::Uint8, {.channels = depth}, ones, ones);
    const ConvolutionReference reference(convolution);
    const auto sum = static_cast<uint32_t>(uint64_t{depth} * 255 * 255);
    CHECK(reference.check(bytesOf<uint32_t>({sum}), ConvolutionPath::Direct).isPassed());
    CHECK(reference.check(bytesOf<uint32_t>({sum + 3}), ConvolutionPath::Direct).maxError == 3);
}

TEST_CASE("Paths of Winograd are judged by their own bound, of what a tile sees", "[convolution]") {
    for (const auto& [path, tile] :
         {std::pair{ConvolutionPath::Winograd2, 2u}, {ConvolutionPath::Winograd4, 4u}}) {
        CAPTURE(tile);
        auto convolution = squareOfOnes(8);
        // Seen by the tiles of the first rows and columns; no output of the first column depends on it.
        setFloat(convolution.input, tile, 100);
        auto result = sumsOfOnes(8);
        for (const uint32_t y : {0u, 1u})
            for (uint32_t x = tile - 1; x <= tile + 1; ++x) result[y * 8 + x] += 99;
        CHECK(checkOf(convolution, result, path).isPassed());
        const double bound = winogradErrorBound(path, 1) * 9 * 100;
        result[0] = static_cast<float>(4 + 0.9 * bound);
        CHECK(checkOf(convolution, result, path).isPassed());
        CHECK_FALSE(checkOf(convolution, result, ConvolutionPath::Direct).isPassed());
        result[0] = static_cast<float>(4 + 1.1 * bound);
        const ElementCheck check = checkOf(convolution, result, path);
        CHECK(check.exceeding == 1);
        CHECK(check.index == 0);
        CHECK(std::abs(check.errorBound / bound - 1) < 1e-6);
        // The last tile sees ones alone.
        result = sumsOfOnes(8);
        for (const uint32_t y : {0u, 1u})
            for (uint32_t x = tile - 1; x <= tile + 1; ++x) result[y * 8 + x] += 99;
        result.back() = static_cast<float>(4 + 1.1 * winogradErrorBound(path, 1) * 9);
        CHECK(checkOf(convolution, result, path).exceeding == 1);
    }
}

TEST_CASE("Where an operand of a convolution is not finite the output may not be, nor what shares its tile",
          "[convolution]") {
    auto convolution = squareOfOnes(8);
    setFloat(convolution.input, 0, HUGE_VALF);
    auto result = sumsOfOnes(8);
    for (const size_t i : {0, 1, 8, 9}) result[i] = std::numeric_limits<float>::quiet_NaN();
    CHECK(checkOf(convolution, result).isPassed());
    CHECK(checkOf(convolution, result, ConvolutionPath::Winograd4).isPassed());
    CHECK(checkOf(convolution, sumsOfOnes(8)).exceeding == 4);
    CHECK(checkOf(convolution, sumsOfOnes(8), ConvolutionPath::Winograd2).exceeding == 4);
    result[2] = HUGE_VALF;
    CHECK(checkOf(convolution, result).exceeding == 1);
    CHECK(checkOf(convolution, result, ConvolutionPath::Winograd2).exceeding == 1);
    CHECK(checkOf(convolution, result, ConvolutionPath::Winograd4).isPassed());
    result = sumsOfOnes(8);
    result[20] = std::numeric_limits<float>::quiet_NaN();
    for (const ConvolutionPath path : {ConvolutionPath::Direct, ConvolutionPath::Winograd4})
        CHECK(checkOf(squareOfOnes(8), result, path).exceeding == 1);
}

TEST_CASE("Where sums of a convolution may overflow anything goes", "[convolution]") {
    auto convolution = smallConvolution();
    setFloat(convolution.input, 0, FLT_MAX);
    CHECK(checkOf(convolution, {HUGE_VALF, 47}).elements == 1);
    auto square = squareOfOnes(4);
    setFloat(square.input, 0, FLT_MAX / 500);
    CHECK(checkOf(square, std::vector<float>(16), ConvolutionPath::Winograd4).elements == 0);
}

TEST_CASE("Of a large convolution a spread sample and the last output are checked", "[convolution]") {
    constexpr uint32_t channels = 200, extent = 100, filters = 9, outputs = extent * extent * filters;
    const auto convolution = convolutionOf<float>(
        GemmType::Fp32, {.channels = channels, .height = extent, .width = extent, .filters = filters},
        std::vector<float>(channels * extent * extent, 1), std::vector<float>(filters * channels, 1));
    const ConvolutionReference reference(convolution);
    std::vector<float> result(outputs, channels);
    const ElementCheck right = reference.check(bytesOf(result), ConvolutionPath::Direct);
    CHECK(right.isPassed());
    CHECK(right.elements >= 4096);
    CHECK(right.elements < outputs);
    result.back() = 1;
    CHECK(reference.check(bytesOf(result), ConvolutionPath::Direct).exceeding == 1);
}

TEST_CASE("A convolution of no images is checked as well", "[convolution]") {
    const auto convolution = convolutionOf<float>(GemmType::Fp32, {.images = 0}, {}, {1});
    const ElementCheck check = checkOf(convolution, {});
    CHECK(check.isPassed());
    CHECK(check.elements == 0);
    CHECK(check.place.empty());
}
