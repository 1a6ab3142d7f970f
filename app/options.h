#pragma once

#include "quant/analysis.h"
#include "quant/convolution_path.h"
#include "quant/gemm_type.h"
#include "quant/method.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace app {

// What the values of options mean. All throw std::invalid_argument with a message for the user.

// "4", "2-8", "4,8" and mixtures: each width from 1 to 16 once, in rising order.
std::vector<uint32_t> bitsFrom(std::string_view text);

// A single width, 1 to 16.
uint32_t oneBitWidthFrom(std::string_view text);

// "int8,fp8-e4m3": each number format once, in the order given.
std::vector<quant::NumberFormat> formatsFrom(std::string_view text);

// A single number format.
quant::NumberFormat oneFormatFrom(std::string_view text);

// "tensor,channel,group:32": each granularity once, in the order given.
std::vector<quant::Granularity> granularitiesFrom(std::string_view text);

// "octav,max": each method once, in the order given.
std::vector<quant::Method> methodsFrom(std::string_view text);

// "nearest", "stochastic" (seed 0), "stochastic:SEED" with a 64-bit seed.
quant::Rounding roundingFrom(std::string_view text);

// "auto", "signed", "unsigned".
quant::Sign signFrom(std::string_view text);
std::string_view name(quant::Sign sign);

// "512M", "2G", "65536": bytes, with K, M, G or T for powers of 1024.
uint64_t sizeFrom(std::string_view text);

// sizeFrom, at least 16 MiB: what the streaming of tensors needs.
uint64_t memoryFrom(std::string_view text);

// "4.5": a finite number above zero.
double positiveFrom(std::string_view text);

// "-0.5": a finite number that a float can hold.
float floatFrom(std::string_view text);

// "1024": a whole number from `least` to `most`.
uint32_t countFrom(std::string_view text, uint32_t least, uint32_t most);

// "fp32" and "tiled": the type and the path of a matrix product; no path for "auto".
quant::GemmTypes gemmTypesFrom(std::string_view text);
std::optional<quant::GemmPath> gemmPathFrom(std::string_view text);

// "int4": the types of a convolution's weights and input, which are of one type; of "int4", "ternary" and
// "binary", which are such weights against int8, too. And the way back.
quant::GemmTypes convTypesFrom(std::string_view text);
std::string convTypeName(quant::GemmTypes types);

// "im2col"; no path for "auto".
std::optional<quant::ConvolutionPath> convPathFrom(std::string_view text);

// "3" or "3x5": extents along y and x, each from `least` to `most`.
struct ExtentPair {
    uint32_t y = 1, x = 1;

    bool operator==(const ExtentPair&) const = default;
};
ExtentPair extentPairFrom(std::string_view text, uint32_t least, uint32_t most);

// "1", "1x2" (above and below, left and right) or "0,1,2,3" (top, left, bottom, right); none for "same".
struct Padding {
    uint32_t top = 0, left = 0, bottom = 0, right = 0;
};
std::optional<Padding> paddingFrom(std::string_view text);

// "-128": a level of an 8-bit integer.
int32_t zeroPointFrom(std::string_view text);

// "256": how many points a sweep has, 2 to 65536.
uint32_t pointsFrom(std::string_view text);

// "0.01:2": clips 0 < low < high.
std::pair<double, double> rangeFrom(std::string_view text);

// Whether the tensor name matches the glob (fnmatch: * ? [a-z]; a slash or dot is a letter like any other).
bool matches(const std::string& glob, const std::string& name);

}  // namespace app
