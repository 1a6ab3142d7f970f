#version 460
// Elements of any type as floats, exactly.
#extension GL_GOOGLE_include_directive : require

#include "attention.h"
#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"

layout(constant_id = 0) const uint elementType = elementF16;
layout(push_constant, scalar) uniform Push {
    WidenPush push;
};

void main() {
    if (invocationIndex() >= push.count) return;
    const uint index = push.first + invocationIndex();
    push.to.at[index] =
        floatBitsToUint(elementValue(elementBits(push.from, index, elementType), elementType));
}
