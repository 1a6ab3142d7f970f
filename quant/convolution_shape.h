#pragma once

#include <cstdint>

namespace quant {

// Extents of a 2-D convolution (cross-correlation, as networks have it): input
// [images][channels][height][width], weights [filters][channels/groups][kernelHeight][kernelWidth], output
// [images][filters][outputHeight][outputWidth], all contiguous. Group g of the filters sees group g of the
// channels; with as many groups as channels a convolution is depthwise.
struct ConvolutionShape {
    uint32_t images = 1, channels = 1, height = 1, width = 1;
    uint32_t filters = 1, kernelHeight = 1, kernelWidth = 1;
    uint32_t strideY = 1, strideX = 1;
    uint32_t padTop = 0, padLeft = 0, padBottom = 0, padRight = 0;
    uint32_t dilationY = 1, dilationX = 1;  // from one element of the kernel to the next
    uint32_t groups = 1;

    bool operator==(const ConvolutionShape&) const = default;
};

// Throws std::invalid_argument, naming what is wrong: an extent (other than images), stride, dilation or
// number of groups of 0; a stride or dilation over 65535; groups that do not divide; a padded input of 2^30
// rows or columns, or smaller than the dilated kernel; a tensor of 2^32 elements or more. What follows wants
// a shape that passes.
void check(const ConvolutionShape& shape);

uint32_t outputHeight(const ConvolutionShape& shape);
uint32_t outputWidth(const ConvolutionShape& shape);

// Elements of the tensors.
uint64_t inputElements(const ConvolutionShape& shape);
uint64_t weightElements(const ConvolutionShape& shape);
uint64_t outputElements(const ConvolutionShape& shape);

// Of one group.
inline uint32_t groupChannels(const ConvolutionShape& shape) {
    return shape.channels / shape.groups;
}
inline uint32_t groupFilters(const ConvolutionShape& shape) {
    return shape.filters / shape.groups;
}

// Products that an output adds up: channels of a group times elements of the kernel.
uint32_t depthOf(const ConvolutionShape& shape);

// Of the definition: what speeds of all paths are counted in, two operations each.
uint64_t multiplications(const ConvolutionShape& shape);

}  // namespace quant
