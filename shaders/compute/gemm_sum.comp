#version 460
// C = alpha * sum + beta * C + bias, where the sum is of the slices that gemm_skinny or the kernels of
// panels wrote for parts of k, in their order.
#extension GL_GOOGLE_include_directive : require

#include "compute/gemm_epilogue.glsl"
#include "compute/grid.glsl"

layout(constant_id = 2) const bool isInteger = false;
layout(push_constant, scalar) uniform Push {
    GemmSumPush push;
};

void main() {
    const uint i = invocationIndex();
    if (i >= push.elements) return;
    float sum = 0.0;
    uint integerSum = 0u;
    for (uint slice = 0u; slice < push.sliceCount; ++slice) {
        const uint bits = wordsFrom(push.slices, slice, 4u * push.elements).at[i];
        sum += uintBitsToFloat(bits);
        integerSum += bits;
    }
    Words c = rowOfC(push.c, i / push.n, push.cRow);
    const PlaceOfC place = PlaceOfC(push.epilogue.firstBatch, i / push.n, i % push.n);
    if (isInteger)
        storeInteger(push.epilogue, c, place, integerSum);
    else
        storeFloat(push.epilogue, c, place, sum);
}
