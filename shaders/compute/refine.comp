#version 460
// Splits up to eight bins of the profile by the next ten bits of the float, in one read.
#extension GL_GOOGLE_include_directive : require

#include "compute/elements.glsl"
#include "compute/grid.glsl"
#include "refine.h"

layout(push_constant, scalar) uniform Push { RefinePush push; };

void count(uint bits) {
    const uint magnitude = bits & 0x7fffffffu;
    const uint prefix = magnitude >> push.shift;
    uint slot = noPrefix;
    for (uint i = 0u; i < maxRefined; ++i) slot = prefix == push.prefixes[i] ? i : slot;
    const uint side = 1u << (bits >> 31);
    if (slot == noPrefix || (push.sides & side) == 0u) return;
    const uint restBits = push.shift - refinedBits;
    const uint bin = (magnitude >> restBits) & (refinedBins - 1u);
    const uint rest = magnitude & ((1u << restBits) - 1u);
    const uint word = slot * refinedWords + 4u * bin;
    if (atomicAdd(push.refined.at[word], 1u) == 0xffffffffu) atomicAdd(push.refined.at[word + 1u], 1u);
    if (rest == 0u) return;
    const uint before = atomicAdd(push.refined.at[word + 2u], rest);
    if (before + rest < before) atomicAdd(push.refined.at[word + 3u], 1u);
}

void main() {
    const uint lane = gl_LocalInvocationID.x;
    const uint begin = workgroupIndex() * push.runElements;
    const uint end = min(begin + push.runElements, push.elements);
    const uint wholeQuads = end / 4u;
    for (uint quad = begin / 4u + lane; quad < wholeQuads; quad += workgroupSize) {
        const uvec4 bits = loadQuad(push.data, quad);
        count(bits.x);
        count(bits.y);
        count(bits.z);
        count(bits.w);
    }
    if (begin < end && lane < (end & 3u)) count(loadQuad(push.data, wholeQuads)[lane]);
}
