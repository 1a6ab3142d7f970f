#version 460
// Measures the squared quantization error of up to eight candidate grids per team in one read of a block. A
// candidate is one grid for all elements, or one for each segment of a channel or group layout.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "compute/quantize.glsl"
#include "compute/segment_of.glsl"

layout(constant_id = 12) const bool isSegmented = false;
// What lies beyond the grid's ends alone, as if its values lay infinitely dense.
layout(constant_id = 21) const bool isDense = false;
layout(push_constant, scalar) uniform Push {
    ErrorPush push;
};

struct Sum {
    float squared;
    uint clipped;
};

Sum noSum() {
    return Sum(0.0, 0u);
}

Sum added(Sum a, Sum b) {
    precise const float squared = a.squared + b.squared;
    return Sum(squared, a.clipped + b.clipped);
}

uvec2 wordsOf(Sum sum) {
    return uvec2(floatBitsToUint(sum.squared), sum.clipped);
}

Sum steps[candidatesPerTeam];
GridCandidate grids[candidatesPerTeam];
uint candidates[candidatesPerTeam];

void takeCandidate(uint c, uint candidate) {
    candidates[c] = candidate;
    if (!isSegmented) grids[c] = push.candidates.at[candidate];
}

void addQuad(uint quad, uvec4 bits, vec4 x) {
    uvec4 segments;
    for (uint i = 0u; isSegmented && i < 4u; ++i) {
        const uint element = min(4u * quad + i, push.elements - 1u);
        segments[i] = segmentOf(push.geometry, push.firstElement + element);
    }
    for (uint c = 0u; c < candidatesPerTeam; ++c) {
        vec4 e;
        uint clipped = 0u;
        for (uint i = 0u; i < 4u; ++i) {
            GridCandidate grid = grids[c];
            if (isSegmented) grid = push.candidates.at[candidates[c] * push.geometry.segments + segments[i]];
            e[i] = isDense ? x[i] - min(max(x[i], grid.qmin), grid.qmax) : elementError(bits[i], x[i], grid);
            clipped += uint(isClipped(bits[i], grid));
        }
        precise const float squared = (e.x * e.x + e.y * e.y) + (e.z * e.z + e.w * e.w);
        steps[c] = added(steps[c], Sum(squared, clipped));
    }
}

#include "compute/team_sweep.glsl"

void main() {
    sweepBlock(push.data, push.elements, push.exponent, push.candidateCount, push.partials, push.firstBlock);
}
