#version 460
// Measures the squared quantization error of up to eight candidate grids per team in one read of a block. A
// candidate is one grid for all elements, or one for each segment of a channel or group layout.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "compute/quantize.glsl"
#include "compute/segment_of.glsl"

layout(constant_id = 12) const bool isSegmented = false;
layout(push_constant, scalar) uniform Push {
    ErrorPush push;
};

const uint quadsPerLane = blockElements / 4u / teamSize;
const uint quadsPerStep = 16u;

shared float sums[256u];
shared uint counts[256u];

void main() {
    const uint lane = gl_LocalInvocationID.x % teamSize;
    const uint candidateGroups = (push.candidateCount + candidatesPerTeam - 1u) / candidatesPerTeam;
    const uint team = invocationIndex() / teamSize;
    const uint block = team / candidateGroups;
    const uint first = team % candidateGroups * candidatesPerTeam;
    const bool inside = block * blockElements < push.elements;

    GridCandidate grids[candidatesPerTeam];
    float totals[candidatesPerTeam];
    uint clipped[candidatesPerTeam];
    for (uint c = 0u; c < candidatesPerTeam; ++c) {
        if (!isSegmented) grids[c] = push.candidates.at[min(first + c, push.candidateCount - 1u)];
        totals[c] = 0.0;
        clipped[c] = 0u;
    }
    const uint firstQuad = block * (blockElements / 4u) + lane;
    for (uint outer = 0u; inside && outer < quadsPerLane; outer += quadsPerStep) {
        if (4u * (firstQuad - lane + outer * teamSize) >= push.elements) break;
        float steps[candidatesPerTeam];
        for (uint c = 0u; c < candidatesPerTeam; ++c) steps[c] = 0.0;
        for (uint j = outer; j < outer + quadsPerStep; ++j) {
            const uint quad = firstQuad + j * teamSize;
            if (4u * quad >= push.elements) break;
            uvec4 bits = loadQuad(push.data, quad);
            // Past the end stands padding: infinities add nothing.
            for (uint i = 1u; i < 4u; ++i) bits[i] = 4u * quad + i < push.elements ? bits[i] : 0x7f800000u;
            const vec4 x = vec4(scaledElement(bits.x, push.exponent), scaledElement(bits.y, push.exponent),
                                scaledElement(bits.z, push.exponent), scaledElement(bits.w, push.exponent));
            uvec4 segments;
            for (uint i = 0u; isSegmented && i < 4u; ++i) {
                segments[i] =
                    segmentOf(push.geometry, push.firstElement + min(4u * quad + i, push.elements - 1u));
            }
            for (uint c = 0u; c < candidatesPerTeam; ++c) {
                vec4 e;
                for (uint i = 0u; i < 4u; ++i) {
                    GridCandidate grid = grids[c];
                    if (isSegmented) {
                        const uint candidate = min(first + c, push.candidateCount - 1u);
                        grid = push.candidates.at[candidate * push.geometry.segments + segments[i]];
                    }
                    e[i] = elementError(bits[i], x[i], grid);
                    clipped[c] += uint(isClipped(bits[i], grid));
                }
                precise const float sum = (e.x * e.x + e.y * e.y) + (e.z * e.z + e.w * e.w);
                precise const float step = steps[c] + sum;
                steps[c] = step;
            }
        }
        for (uint c = 0u; c < candidatesPerTeam; ++c) {
            precise const float total = totals[c] + steps[c];
            totals[c] = total;
        }
    }
    for (uint c = 0u; c < candidatesPerTeam; ++c) {
        const uint slot = gl_LocalInvocationID.x;
        barrier();
        sums[slot] = totals[c];
        counts[slot] = clipped[c];
        for (uint half_ = teamSize / 2u; half_ > 0u; half_ /= 2u) {
            barrier();
            if (lane < half_) {
                sums[slot] += sums[slot + half_];
                counts[slot] += counts[slot + half_];
            }
        }
        if (lane == 0u && inside && first + c < push.candidateCount) {
            push.partials.at[(push.firstBlock + block) * push.candidateCount + first + c] =
                uvec2(floatBitsToUint(sums[slot]), counts[slot]);
        }
    }
}
