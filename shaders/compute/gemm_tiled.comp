#version 460
// C = alpha * A * B + beta * C + bias from panels of floats (gemm_pack), where every element type,
// transposition and edge looks alike.
//
// A workgroup computes rowsPerPanel x (workgroupSize * columnsPerLane) elements of C in registers: lanes lie
// side by side along n, each k costs one broadcast for each row of A and columnsPerLane loads of B, and
// nothing is shared. This is the fastest way known on a CPU driver (llvmpipe: 100 GFLOPS on two cores), and
// it needs nothing but 32-bit arithmetic.
//
// 8-bit integers: products and sums are exact in floats as long as the depth of one dispatch is at most 1024
// (1024 * 128 * 128 = 2^24); u8 by s8: 512; u8 by u8: 256. The host splits longer products and accumulates in
// int32.
//
// What llvmpipe needs, and no GPU minds:
// - A loop's variables are blended by the execution mask at each turn: the depth is unrolled 16 to 32 times.
// - The loop tests at its end. A loop that tests first runs once more with all lanes off, and what it reads
//   through uniform addresses it reads even then, beyond the panel.
// - A uniform address costs one scalar load, a lane's own address a gather: see laneWord.
// - Addresses: one for each turn, everything else at constant offsets from it.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require

#include "compute/gemm_epilogue.glsl"
#include "compute/lanes.glsl"  // a workgroup is one whole subgroup

layout(constant_id = 2) const uint rowsPerPanel = 8;
layout(constant_id = 3) const uint columnsPerLane = 3;
layout(constant_id = 4) const uint unroll = 32;  // the depth is a multiple of it, and at least that
layout(constant_id = 5) const bool isInteger = false;
layout(push_constant, scalar) uniform Push {
    GemmPanelsPush push;
};
#include "compute/gemm_panels.glsl"

const uint columnsPerPanel = workgroupSize * columnsPerLane;
float sums[rowsPerPanel * columnsPerLane];

void multiplyStep(Words a, Words b) {
    [[unroll]] for (uint u = 0u; u < unroll; ++u) {
        float columns[columnsPerLane];
        [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j)
            columns[j] = uintBitsToFloat(laneWord(b, u * columnsPerPanel + j * workgroupSize));
        [[unroll]] for (uint i = 0u; i < rowsPerPanel; ++i) {
            const float x = uintBitsToFloat(a.at[u * rowsPerPanel + i]);
            [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j)
                sums[i * columnsPerLane + j] = fma(x, columns[j], sums[i * columnsPerLane + j]);
        }
    }
}

void main() {
    findLane();
    if (isWorkgroupIdle()) return;
    const PanelsOfWorkgroup panels = panelsOfWorkgroup();
    [[unroll]] for (uint i = 0u; i < rowsPerPanel * columnsPerLane; ++i)
        sums[i] = 0.0;
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
            const float sum = sums[i * columnsPerLane + j];
            if (row >= push.m || column >= push.n) continue;
            if (isInteger)
                storeInteger(push.epilogue, c, placeOf(panels, row, column), uint(int(sum)), areAllInside);
            else
                storeFloat(push.epilogue, c, placeOf(panels, row, column), sum);
        }
    }
}
