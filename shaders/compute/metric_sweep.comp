#version 460
// The sums of a metric for up to eight candidate grids per team in one read of a block of the tensor and its
// weights.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "compute/metric.glsl"

layout(push_constant, scalar) uniform Push {
    MetricPush push;
};

const uint quadsPerLane = blockElements / 4u / teamSize;
const uint quadsPerStep = 16u;

shared vec2 sums[256u];

void main() {
    const uint lane = gl_LocalInvocationID.x % teamSize;
    const uint candidateGroups = (push.candidateCount + candidatesPerTeam - 1u) / candidatesPerTeam;
    const uint team = invocationIndex() / teamSize;
    const uint block = team / candidateGroups;
    const uint first = team % candidateGroups * candidatesPerTeam;
    const bool inside = block * blockElements < push.elements;
    GridCandidate grids[candidatesPerTeam];
    float clips[candidatesPerTeam];
    vec2 totals[candidatesPerTeam];
    for (uint c = 0u; c < candidatesPerTeam; ++c) {
        grids[c] = push.candidates.at[min(first + c, push.candidateCount - 1u)];
        clips[c] = scaledElement(grids[c].clipBits, push.exponent);
        totals[c] = vec2(0.0);
    }
    const uint firstQuad = block * (blockElements / 4u) + lane;
    for (uint outer = 0u; inside && outer < quadsPerLane; outer += quadsPerStep) {
        if (4u * (firstQuad - lane + outer * teamSize) >= push.elements) break;
        vec2 steps[candidatesPerTeam];
        for (uint c = 0u; c < candidatesPerTeam; ++c) steps[c] = vec2(0.0);
        for (uint j = outer; j < outer + quadsPerStep; ++j) {
            const uint quad = firstQuad + j * teamSize;
            if (4u * quad >= push.elements) break;
            const uvec4 bits = loadQuad(push.data, quad);
            for (uint i = 0u; i < 4u; ++i) {
                const uint element = 4u * quad + i;
                // Past the end stands padding: infinities add nothing.
                const uint pattern = element < push.elements ? bits[i] : 0x7f800000u;
                const float weight =
                    metric == metricWeighted ? push.weights.at[min(element, push.elements - 1u)] : 1.0;
                const float x = scaledElement(pattern, push.exponent);
                for (uint c = 0u; c < candidatesPerTeam; ++c) {
                    precise const vec2 next = steps[c] + metricTerms(pattern, x, weight, clips[c], grids[c]);
                    steps[c] = next;
                }
            }
        }
        for (uint c = 0u; c < candidatesPerTeam; ++c) {
            precise const vec2 total = totals[c] + steps[c];
            totals[c] = total;
        }
    }
    for (uint c = 0u; c < candidatesPerTeam; ++c) {
        const uint slot = gl_LocalInvocationID.x;
        barrier();
        sums[slot] = totals[c];
        for (uint half_ = teamSize / 2u; half_ > 0u; half_ /= 2u) {
            barrier();
            if (lane < half_) sums[slot] += sums[slot + half_];
        }
        if (lane == 0u && inside && first + c < push.candidateCount) {
            push.partials.at[(push.firstBlock + block) * push.candidateCount + first + c] =
                floatBitsToUint(sums[slot]);
        }
    }
}
