#version 460
// The sums of a metric for up to eight candidate grids per team in one read of a block of the tensor and its
// weights.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "compute/metric.glsl"

layout(push_constant, scalar) uniform Push {
    MetricPush push;
};

#define Sum vec2

Sum noSum() {
    return vec2(0.0);
}

Sum added(Sum a, Sum b) {
    precise const vec2 sum = a + b;
    return sum;
}

uvec2 wordsOf(Sum sum) {
    return floatBitsToUint(sum);
}

Sum steps[candidatesPerTeam];
GridCandidate grids[candidatesPerTeam];
float clips[candidatesPerTeam];

void takeCandidate(uint c, uint candidate) {
    grids[c] = push.candidates.at[candidate];
    clips[c] = scaledElement(grids[c].clipBits, push.exponent);
}

void addQuad(uint quad, uvec4 bits, vec4 x) {
    for (uint i = 0u; i < 4u; ++i) {
        const uint element = min(4u * quad + i, push.elements - 1u);
        const float weight = metric == metricWeighted ? push.weights.at[element] : 1.0;
        for (uint c = 0u; c < candidatesPerTeam; ++c)
            steps[c] = added(steps[c], metricTerms(bits[i], x[i], weight, clips[c], grids[c]));
    }
}

#include "compute/team_sweep.glsl"

void main() {
    sweepBlock(push.data, push.elements, push.exponent, push.candidateCount, push.partials, push.firstBlock);
}
