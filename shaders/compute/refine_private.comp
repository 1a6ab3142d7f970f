#version 460
#extension GL_GOOGLE_include_directive : require

#include "compute/elements.glsl"
#include "compute/grid.glsl"
#include "refine.h"

layout(push_constant, scalar) uniform Push { RefinePrivatePush push; };

uint histogram;

void count(uint bits) {
    const uint magnitude = bits & 0x7fffffffu;
    const uint prefix = magnitude >> push.shift;
    uint slot = noPrefix;
    for (uint i = 0u; i < maxRefined; ++i) slot = prefix == push.prefixes[i] ? i : slot;
    const uint side = 1u << (bits >> 31);
    const bool hit = slot != noPrefix && (push.sides & side) != 0u;
    if (push.shift == 10u && !hit) return;
    const uint restBits = push.shift - refinedBits;
    const uint bin = (magnitude >> restBits) & (refinedBins - 1u);
    const uint rest = magnitude & ((1u << restBits) - 1u);
    push.scratch.at[histogram + (hit ? slot * refinedBins + bin : maxRefined * refinedBins)] += uvec2(1u, rest);
}

void main() {
    const uint index = invocationIndex();
    const uint begin = index * push.runElements;
    const uint end = min(begin + push.runElements, push.elements);
    if (begin >= end) return;
    histogram = index * (maxRefined * refinedBins + 8);
    for (uint quad = begin / 4u; quad < end / 4u; ++quad) {
        const uvec4 bits = loadQuad(push.data, quad);
        count(bits.x);
        count(bits.y);
        count(bits.z);
        count(bits.w);
    }
    const uvec4 last = (end & 3u) != 0u ? loadQuad(push.data, end / 4u) : uvec4(0u);
    for (uint i = 0u; i < (end & 3u); ++i) count(last[i]);
    for (uint i = 0u; i < maxRefined * refinedBins; ++i) {
        const uvec2 counter = push.scratch.at[histogram + i];
        if (counter.x == 0u) continue;
        const uint word = 4u * i;
        atomicAdd(push.refined.at[word], counter.x);
        atomicAdd(push.refined.at[word + 2u], counter.y);
        push.scratch.at[histogram + i] = uvec2(0u);
    }
}
