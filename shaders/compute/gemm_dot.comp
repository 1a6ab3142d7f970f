#version 460
// C = A * B + beta * C + bias of 8-bit integers to int32 by packed dot products, from panels of words of four
// neighbours along k (gemm_pack, panelDepth4; the zeros beyond the matrix add nothing). Same plan as
// gemm_tiled. Sums wrap modulo 2^32.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_integer_dot_product : require

#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"  // with picksLanes a workgroup is exactly one whole subgroup

layout(constant_id = 0) const uint elementType = elementS8;  // or elementU8
layout(constant_id = 2) const uint rowsPerPanel = 8;
layout(constant_id = 3) const uint columnsPerLane = 2;
layout(constant_id = 4) const uint unroll = 8;  // in words of four k
layout(constant_id = 6) const bool picksLanes = false;
layout(push_constant, scalar) uniform Push {
    GemmPanelsPush push;
};
#include "compute/gemm_panels.glsl"

const uint columnsPerPanel = workgroupSize * columnsPerLane;
int sums[rowsPerPanel * columnsPerLane];

int dot4(uint a, uint b) {
    if (elementType == elementS8) return dotPacked4x8EXT(int(a), int(b));
    return int(dotPacked4x8EXT(a, b));
}

uint lane;  // see gemm_tiled

// The lane's value of workgroupSize of them from `first` on.
uint row(Words b, uint first) {
    if (!picksLanes) return b.at[first + lane];
    uint value = b.at[first];
    [[unroll]] for (uint i = 1u; i < workgroupSize; ++i)
        value = mix(value, b.at[first + i], lane == i);
    return value;
}

void multiplyStep(Words a, Words b) {
    [[unroll]] for (uint u = 0u; u < unroll; ++u) {
        uint columns[columnsPerLane];
        [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j)
            columns[j] = row(b, u * columnsPerPanel + j * workgroupSize);
        [[unroll]] for (uint i = 0u; i < rowsPerPanel; ++i) {
            const uint x = a.at[u * rowsPerPanel + i];
            [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j)
                sums[i * columnsPerLane + j] += dot4(x, columns[j]);
        }
    }
}

void main() {
    lane = picksLanes ? gl_SubgroupInvocationID : gl_LocalInvocationIndex;
    if (workgroupIndex() >= push.panelsA * push.panelsB) return;
    const uvec2 panel = panelsOfWorkgroup(workgroupIndex());
    [[unroll]] for (uint i = 0u; i < rowsPerPanel * columnsPerLane; ++i)
        sums[i] = 0;
    Words a = wordsFrom(push.a, panel.x * push.depth, 4u * rowsPerPanel);
    Words b = wordsFrom(push.b, panel.y * push.depth, 4u * columnsPerPanel);
    const uint depth = push.depth;
    uint k = 0u;
    do {
        multiplyStep(wordsFrom(a, k, 4u * rowsPerPanel), wordsFrom(b, k, 4u * columnsPerPanel));
        k += unroll;
    } while (k < depth);

    [[unroll]] for (uint i = 0u; i < rowsPerPanel; ++i) {
        const uint rowOfC = panel.x * rowsPerPanel + i;
        Words c = wordsFrom(push.c, rowOfC, 4u * push.cRow);
        [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j) {
            const uint column = panel.y * columnsPerPanel + j * workgroupSize + lane;
            if (rowOfC < push.m && column < push.n)
                storeInteger(push.epilogue, c, column, uint(sums[i * columnsPerLane + j]));
        }
    }
}
