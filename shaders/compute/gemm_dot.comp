#version 460
// C = A * B + beta * C + bias of 8-bit integers to int32 by packed dot products, from panels of words of four
// neighbours along k (gemm_pack, panelDepth4; the zeros beyond the matrix add nothing). Same plan as
// gemm_tiled. Sums wrap modulo 2^32.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_integer_dot_product : require

#include "compute/gemm_epilogue.glsl"
#include "compute/lanes.glsl"  // a workgroup is one whole subgroup

// elementS8 or elementU8: of the panels.
layout(constant_id = 0) const uint elementA = elementS8;
layout(constant_id = 7) const uint elementB = elementS8;
layout(constant_id = 2) const uint rowsPerPanel = 8;
layout(constant_id = 3) const uint columnsPerLane = 2;
layout(constant_id = 4) const uint unroll = 8;  // in words of four k
layout(push_constant, scalar) uniform Push {
    GemmPanelsPush push;
};
#include "compute/gemm_panels.glsl"

const uint columnsPerPanel = workgroupSize * columnsPerLane;
int sums[rowsPerPanel * columnsPerLane];

int dot4(uint a, uint b) {
    if (elementA == elementS8 && elementB == elementS8) return dotPacked4x8EXT(int(a), int(b));
    if (elementA == elementS8) return dotPacked4x8EXT(int(a), b);
    if (elementB == elementS8) return dotPacked4x8EXT(int(b), a);
    return int(dotPacked4x8EXT(a, b));
}

void multiplyStep(Words a, Words b) {
    [[unroll]] for (uint u = 0u; u < unroll; ++u) {
        uint columns[columnsPerLane];
        [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j)
            columns[j] = laneWord(b, u * columnsPerPanel + j * workgroupSize);
        [[unroll]] for (uint i = 0u; i < rowsPerPanel; ++i) {
            const uint x = a.at[u * rowsPerPanel + i];
            [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j)
                sums[i * columnsPerLane + j] += dot4(x, columns[j]);
        }
    }
}

void main() {
    findLane();
    if (isWorkgroupIdle()) return;
    const PanelsOfWorkgroup panels = panelsOfWorkgroup();
    [[unroll]] for (uint i = 0u; i < rowsPerPanel * columnsPerLane; ++i)
        sums[i] = 0;
    Words a = panelOfA(panels, 4u * rowsPerPanel);
    Words b = panelOfB(panels, 4u * columnsPerPanel);
    const uint depth = depthOf(panels);
    uint k = 0u;
    do {
        multiplyStep(wordsFrom(a, k, 4u * rowsPerPanel), wordsFrom(b, k, 4u * columnsPerPanel));
        k += unroll;
    } while (k < depth);

    [[unroll]] for (uint i = 0u; i < rowsPerPanel; ++i) {
        const uint row = panels.inA * rowsPerPanel + i;
        Words c = rowOfPanels(panels, row);
        [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j) {
            const uint first = panels.inB * columnsPerPanel + j * workgroupSize, column = first + lane;
            const bool areAllInside = first + workgroupSize <= push.n;
            if (row < push.m && column < push.n)
                storeInteger(push.epilogue, c, placeOf(panels, row, column),
                             uint(sums[i * columnsPerLane + j]), areAllInside);
        }
    }
}
