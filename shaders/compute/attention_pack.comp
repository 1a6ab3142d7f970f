#version 460
// Rows of Q as scaled floats, so that the attention kernel's lanes, a row each, read neighbouring words; and
// 16-bit keys and values as floats, in tiles of one row.
#extension GL_GOOGLE_include_directive : require

#include "attention.h"
#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"

layout(constant_id = 0) const uint elementType = elementF32;
layout(push_constant, scalar) uniform Push {
    AttentionPackPush push;
};

void main() {
    if (invocationIndex() >= push.count) return;
    const uint index = push.first + invocationIndex();
    const uint column = index / push.tileRows;
    const uint tile = column / push.depth;
    const uint row = tile % push.tiles * push.tileRows + index % push.tileRows;
    const uint from = (tile / push.tiles * push.rows + row) * push.depth + column % push.depth;
    float value = 0.0;
    if (row < push.rows)
        value = push.scale * elementValue(elementBits(push.from, from, elementType), elementType);
    push.to.at[index] = floatBitsToUint(value);
}
