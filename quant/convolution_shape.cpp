#include "quant/convolution_shape.h"

#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>

namespace quant {

namespace {

constexpr uint64_t mostElements = UINT32_MAX;
// Kernels count places in int32, up to the last lane's beyond an edge.
constexpr uint64_t mostExtent = (1u << 30) - 1;
constexpr uint32_t mostStep = 65535;

void require(bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument("convolution: " + what);
}

// Of a tensor; more than mostElements where it has more, however many.
uint64_t elements(std::initializer_list<uint32_t> extents) {
    uint64_t product = 1;
    for (const uint32_t extent : extents) {
        if (extent == 0) return 0;
        if (product <= mostElements) product *= extent;
    }
    return product;
}

// Of a dimension whose positions are `stride` apart.
uint32_t outputs(uint64_t padded, uint64_t kernel, uint64_t dilation, uint32_t stride) {
    return static_cast<uint32_t>((padded - ((kernel - 1) * dilation + 1)) / stride + 1);
}

void checkAxis(const char* axis, uint64_t padded, uint64_t kernel, uint64_t dilation) {
    require(padded <= mostExtent, std::string("a padded input of 2^30 ") + axis + " or more");
    const uint64_t reach = (kernel - 1) * dilation + 1;
    require(reach <= padded, "the kernel reaches over " + std::to_string(reach) + " " + axis +
                                 ", the padded input has " + std::to_string(padded));
}

}  // namespace

void check(const ConvolutionShape& shape) {
    const struct {
        uint32_t value;
        const char* what;
    } positive[] = {{shape.channels, "number of channels"},
                    {shape.height, "height"},
                    {shape.width, "width"},
                    {shape.filters, "number of filters"},
                    {shape.kernelHeight, "kernel height"},
                    {shape.kernelWidth, "kernel width"},
                    {shape.strideY, "vertical stride"},
                    {shape.strideX, "horizontal stride"},
                    {shape.dilationY, "vertical dilation"},
                    {shape.dilationX, "horizontal dilation"},
                    {shape.groups, "number of groups"}};
    for (const auto& [value, what] : positive) require(value > 0, std::string("the ") + what + " is 0");
    for (const auto& [value, what] : std::span(positive).subspan(6, 4))
        require(value <= mostStep, std::string("the ") + what + " is over " + std::to_string(mostStep));
    for (const auto& [value, what] : {positive[0], positive[3]}) {
        require(value % shape.groups == 0, std::to_string(shape.groups) + " groups do not divide the " +
                                               what + ", " + std::to_string(value));
    }
    checkAxis("rows", uint64_t{shape.height} + shape.padTop + shape.padBottom, shape.kernelHeight,
              shape.dilationY);
    checkAxis("columns", uint64_t{shape.width} + shape.padLeft + shape.padRight, shape.kernelWidth,
              shape.dilationX);
    require(inputElements(shape) <= mostElements, "the input has 2^32 elements or more");
    require(weightElements(shape) <= mostElements, "the weights have 2^32 elements or more");
    require(outputElements(shape) <= mostElements, "the output has 2^32 elements or more");
}

uint32_t outputHeight(const ConvolutionShape& shape) {
    return outputs(uint64_t{shape.height} + shape.padTop + shape.padBottom, shape.kernelHeight,
                   shape.dilationY, shape.strideY);
}

uint32_t outputWidth(const ConvolutionShape& shape) {
    return outputs(uint64_t{shape.width} + shape.padLeft + shape.padRight, shape.kernelWidth, shape.dilationX,
                   shape.strideX);
}

uint64_t inputElements(const ConvolutionShape& shape) {
    return elements({shape.images, shape.channels, shape.height, shape.width});
}

uint64_t weightElements(const ConvolutionShape& shape) {
    return elements({shape.filters, groupChannels(shape), shape.kernelHeight, shape.kernelWidth});
}

uint64_t outputElements(const ConvolutionShape& shape) {
    return elements({shape.images, shape.filters, outputHeight(shape), outputWidth(shape)});
}

uint32_t depthOf(const ConvolutionShape& shape) {
    return groupChannels(shape) * shape.kernelHeight * shape.kernelWidth;
}

uint64_t multiplications(const ConvolutionShape& shape) {
    return outputElements(shape) * depthOf(shape);
}

}  // namespace quant
