#version 460
// Writes elements as floats, what they are quantized to, and the difference. NaN stays NaN, bit by bit.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "compute/quantize.glsl"
#include "value_grid.h"

layout(push_constant, scalar) uniform Push {
    ShowValuesPush push;
};

bool isNan(uint bits) {
    return (bits & 0x7fffffffu) > 0x7f800000u;
}

void main() {
    const uint quad = invocationIndex();
    if (4u * quad >= push.elements) return;
    const uvec4 bits = loadQuad(push.data, quad);
    for (uint i = 0u; i < 4u && 4u * quad + i < push.elements; ++i) {
        const uint at = push.firstElement + 4u * quad + i;
        uint quantized = push.scaled.at[4u * quad + i];
        if (push.exponent != 0 && !isNan(quantized))
            quantized = floatBitsToUint(exactlyScaled(quantized, -push.exponent));
        precise const float difference = uintBitsToFloat(quantized) - uintBitsToFloat(bits[i]);
        push.original.at[at] = bits[i];
        push.quantized.at[at] = quantized;
        push.difference.at[at] = isNan(bits[i]) ? bits[i] : floatBitsToUint(difference);
    }
}
