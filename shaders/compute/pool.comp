#version 460
// The greatest element or the mean of each window of a plane, an invocation for each. Elements are taken row
// by row: every device gives the same bits.
#extension GL_GOOGLE_include_directive : require

#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"
#include "pooling.h"

layout(constant_id = 0) const uint elementType = elementF32;
layout(constant_id = 2) const bool isMax = true;
// The window, for loops of a fixed length; 0: as the push constants have it.
layout(constant_id = 3) const int fixedHeight = 0;
layout(constant_id = 4) const int fixedWidth = 0;
layout(push_constant, scalar) uniform Push {
    PoolPush push;
};

float elementAt(uint index) {
    return elementValue(elementBits(push.from, index, elementType), elementType);
}

float greaterOf(float greatest, float value) {
    const bool isNan = (floatBitsToUint(value) & 0x7fffffffu) > 0x7f800000u;
    return isNan || value > greatest ? value : greatest;
}

void main() {
    if (invocationIndex() >= push.count) return;
    const uint index = push.first + invocationIndex();
    const uint row = index / uint(push.outWidth);
    const uint plane = row / uint(push.outHeight);
    const ivec2 size = ivec2(push.width, push.height),
                kernel = fixedWidth > 0 ? ivec2(fixedWidth, fixedHeight)
                                        : ivec2(push.kernelWidth, push.kernelHeight);
    const ivec2 padding = ivec2(push.paddingWidth, push.paddingHeight);
    const ivec2 dilation = ivec2(push.dilationWidth, push.dilationHeight);
    const ivec2 start = ivec2(index % uint(push.outWidth), row % uint(push.outHeight)) *
                            ivec2(push.strideWidth, push.strideHeight) -
                        padding;
    const uint firstElement = plane * uint(size.x * size.y);
    float greatest = uintBitsToFloat(0xff800000u);
    float sum = 0.0;
    int taken = 0;
    for (int i = 0; i < kernel.y; ++i) {
        const int y = start.y + i * dilation.y, line = clamp(y, 0, size.y - 1) * size.x;
        for (int j = 0; j < kernel.x; ++j) {
            const int x = start.x + j * dilation.x;
            const bool isInside = y >= 0 && y < size.y && x >= 0 && x < size.x;
            const float value = elementAt(firstElement + uint(line + clamp(x, 0, size.x - 1)));
            if (isMax) {
                greatest = isInside ? greaterOf(greatest, value) : greatest;
            } else {
                sum += isInside ? value : 0.0;
                taken += isInside ? 1 : 0;
            }
        }
    }
    // Windows that reach beyond the padding, by rounding up, end with it.
    const ivec2 padded = min(start + kernel, size + padding) - start;
    const int divisor = push.countsPadding != 0u ? padded.x * padded.y : taken;
    push.to.at[index] = floatBitsToUint(isMax ? greatest : sum / float(divisor));
}
