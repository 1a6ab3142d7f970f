#version 460
// Splits up to eight bins of the profile by the next ten bits of the float, in one read, with atomics in
// device memory: few elements lie in the selected bins.
#extension GL_GOOGLE_include_directive : require

#include "compute/refine_elements.glsl"

void count(uint bits) {
    uint rest;
    const uint bin = refinedBinOf(bits, rest);
    if (bin != noPrefix) addRefined(bin, 1u, rest);
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
