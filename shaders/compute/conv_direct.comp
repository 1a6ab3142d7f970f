#version 460
// 2-D convolution by the definition: every type, geometry and number of groups; the path of depthwise ones.
// Integers are exact; floats are added in the order of channel, kernel row and kernel column.
//
// A workgroup is one subgroup and computes a block of rowsPerLane rows x workgroupSize columns of
// filtersPerLane filters: lanes lie side by side along a row, every weight is a broadcast, and what is read
// of the input serves all filters. The last block of a row begins early enough to end with it.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require

#include "compute/conv_epilogue.glsl"
#include "compute/grid.glsl"  // a workgroup is one subgroup

layout(constant_id = 0) const uint elementType = elementF32;  // of the input
layout(constant_id = 7) const uint weightType = elementF32;
layout(constant_id = 2) const uint rowsPerLane = 4;
layout(constant_id = 3) const uint filtersPerLane = 4;
layout(constant_id = 4) const uint knownKernel = 0;   // its height and width; 0: any
layout(constant_id = 5) const uint knownStrideX = 0;  // 0: any
layout(push_constant, scalar) uniform Push {
    ConvDirectPush push;
};
#include "compute/conv_runs.glsl"

const uint taps = knownKernel == 0u ? 1u : knownKernel;  // of a kernel's row at a time
const bool isInteger = elementType >= elementS8 && elementType <= elementSign;
float sums[rowsPerLane * filtersPerLane];
int integerSums[rowsPerLane * filtersPerLane];

// Of the block, the same for all lanes.
uint image, group, firstFilter, firstRow, firstColumn;

uint strideX() {
    return knownStrideX == 0u ? push.geometry.strideX : knownStrideX;
}

// The input's row of the block's row r for a row of the kernel; may lie outside.
int inputRow(uint r, uint kernelRow) {
    return int((firstRow + r) * push.geometry.strideY + kernelRow * push.geometry.dilationY) -
           int(push.geometry.padTop);
}

// The input's column of the first lane for the first column of the kernel.
int inputColumn() {
    return int(firstColumn * strideX()) - int(push.geometry.padLeft);
}

uint planeOf(uint channel) {
    const ConvGeometry g = push.geometry;
    return (image * g.channels + group * (g.channels / g.groups) + channel) * (g.height * g.width);
}

uint weights[taps * filtersPerLane];
uint columnMasks[taps];

// Of the lane's columns for those of the kernel from kernelColumn on.
void findColumnMasks(uint kernelColumn) {
    [[unroll]] for (uint t = 0u; t < taps; ++t)
        columnMasks[t] =
            maskOf(inputColumn() + int((kernelColumn + t) * push.geometry.dilationX) + int(lane * strideX()),
                   push.geometry.width);
}

void addProducts(uint r, uint value, uint firstWeight) {
    [[unroll]] for (uint f = 0u; f < filtersPerLane; ++f) {
        const uint sum = r * filtersPerLane + f;
        if (isInteger)
            integerSums[sum] += int(value) * int(weights[firstWeight + f]);
        else
            sums[sum] = fma(elementValue(value, elementType),
                            elementValue(weights[firstWeight + f], weightType), sums[sum]);
    }
}

// `taps` elements of a row of the kernel, from kernelColumn on; k is their place among a filter's weights.
void addTaps(uint plane, uint kernelRow, uint kernelColumn, uint k, bool isInside) {
    const ConvGeometry g = push.geometry;
    const uint depth = g.channels / g.groups * g.kernelHeight * g.kernelWidth;
    const uint groupFilters = g.filters / g.groups;
    const int first = inputColumn() + int(kernelColumn * g.dilationX);
    [[unroll]] for (uint f = 0u; f < filtersPerLane; ++f) {
        const uint filterIndex = group * groupFilters + min(firstFilter + f, groupFilters - 1u);
        [[unroll]] for (uint t = 0u; t < taps; ++t)
            weights[t * filtersPerLane + f] =
                elementBits(push.weights, filterIndex * depth + k + t, weightType);
    }
    [[unroll]] for (uint r = 0u; r < rowsPerLane; ++r) {
        const int y = inputRow(r, kernelRow);
        const uint row = plane + clamped(y, g.height) * g.width;
        const uint rowMask = maskOf(y, g.height);
        Words base = runBase(push.inputs, row + uint(first));
        [[unroll]] for (uint t = 0u; t < taps; ++t) {
            const int x = first + int(t * g.dilationX + lane * strideX());
            uint value;
            if (isInside)
                value = pickedFrom(base, row + uint(first), t * g.dilationX, strideX());
            else
                value = elementBits(push.inputs, row + clamped(x, g.width), elementType);
            const uint inside = rowMask & columnMasks[t];
            value &= inside;
            if (isInteger) value |= push.zeroPoint & ~inside;
            addProducts(r, value, t * filtersPerLane);
        }
    }
}

// All rows and columns of the kernel for one channel; k is the place of the channel's first weight.
void addChannel(uint plane, uint k, bool isInside) {
    if (knownKernel != 0u) {
        [[unroll]] for (uint kernelRow = 0u; kernelRow < knownKernel; ++kernelRow)
            addTaps(plane, kernelRow, 0u, k + kernelRow * knownKernel, isInside);
        return;
    }
    // Loops test at their end: see gemm_tiled.
    uint kernelRow = 0u;
    do {
        uint kernelColumn = 0u;
        do {
            findColumnMasks(kernelColumn);
            addTaps(plane, kernelRow, kernelColumn, k++, isInside);
        } while (++kernelColumn < push.geometry.kernelWidth);
    } while (++kernelRow < push.geometry.kernelHeight);
}

void addChannels(bool isInside) {
    const ConvGeometry g = push.geometry;
    findColumnMasks(0u);
    uint channel = 0u;
    do {
        addChannel(planeOf(channel), channel * g.kernelHeight * g.kernelWidth, isInside);
    } while (++channel < g.channels / g.groups);
}

// Whether the lanes may read what their addresses say: it may be another row's or plane's, but nothing beyond
// the tensor.
bool readsInside() {
    const ConvGeometry g = push.geometry;
    const uint low = planeOf(0u) + clamped(inputRow(0u, 0u), g.height) * g.width;
    const uint high = planeOf(g.channels / g.groups - 1u) +
                      clamped(inputRow(rowsPerLane - 1u, g.kernelHeight - 1u), g.height) * g.width;
    const int last =
        inputColumn() + int((g.kernelWidth - 1u) * g.dilationX + (workgroupSize - 1u) * strideX());
    return isInTensor(low, inputColumn(), high, last, push.images * g.channels * g.height * g.width);
}

void main() {
    findLane();
    if (workgroupIndex() >= push.blocks) return;
    const ConvGeometry g = push.geometry;
    const uint across = (g.outWidth + workgroupSize - 1u) / workgroupSize;
    const uint down = (g.outHeight + rowsPerLane - 1u) / rowsPerLane;
    const uint groupFilters = g.filters / g.groups;
    const uint filterBlocks = (groupFilters + filtersPerLane - 1u) / filtersPerLane;
    uint block = push.firstBlock + workgroupIndex();
    const uint firstOwn = block % across * workgroupSize;
    firstColumn = min(firstOwn, max(g.outWidth, workgroupSize) - workgroupSize);
    block /= across;
    firstRow = block % down * rowsPerLane;
    block /= down;
    firstFilter = block % filterBlocks * filtersPerLane;
    block /= filterBlocks;
    group = block % g.groups;
    image = block / g.groups;
    [[unroll]] for (uint i = 0u; i < rowsPerLane * filtersPerLane; ++i) {
        sums[i] = 0.0;
        integerSums[i] = 0;
    }
    if (picksLanes && readsInside())
        addChannels(true);
    else
        addChannels(false);

    const uint column = firstColumn + lane;
    [[unroll]] for (uint f = 0u; f < filtersPerLane; ++f) {
        const uint filterIndex = group * groupFilters + firstFilter + f;
        [[unroll]] for (uint r = 0u; r < rowsPerLane; ++r) {
            if (column < firstOwn || column >= g.outWidth || firstRow + r >= g.outHeight ||
                firstFilter + f >= groupFilters)
                continue;
            const uint sum = isInteger ? uint(integerSums[r * filtersPerLane + f])
                                       : floatBitsToUint(sums[r * filtersPerLane + f]);
            const uint firstPlace = (firstRow + r) * g.outWidth + firstColumn;
            const bool areAllInside = firstColumn == firstOwn && firstColumn + workgroupSize <= g.outWidth &&
                                      (firstPlace & 3u) == 0u;
            storeOutput(push.epilogue, push.outputs, g.filters, g.outHeight * g.outWidth, image, filterIndex,
                        firstPlace + lane, sum, isInteger, areAllInside);
        }
    }
}
