#version 460
// Splits up to eight bins of the profile by the next ten bits of the float, in one read, without atomics in
// the loop: every invocation owns a contiguous run and its counters in device memory. At level 2 about a
// tenth of the elements count, scattered over all vectors: CPUs mispredict such branches, so the others go to
// a spare counter.
#extension GL_GOOGLE_include_directive : require

#include "compute/refine_elements.glsl"

uint counters;

void count(uint bits) {
    uint rest;
    const uint bin = refinedBinOf(bits, rest);
    if (push.shift == refinedBits && bin == noPrefix) return;
    push.scratch.at[counters + min(bin, maxRefined * refinedBins)] += uvec2(1u, rest);
}

void main() {
    const uint index = invocationIndex();
    const uint begin = index * push.runElements;
    const uint end = min(begin + push.runElements, push.elements);
    if (begin >= end) return;
    counters = index * refineScratchPairs;
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
        const uvec2 counter = push.scratch.at[counters + i];
        if (counter.x == 0u) continue;
        addRefined(i, counter.x, counter.y);
        push.scratch.at[counters + i] = uvec2(0u);
    }
}
