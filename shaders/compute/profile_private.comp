#version 460
// Level 1 of the profile without atomics in the loop and without optional features: every invocation owns a
// contiguous run and a histogram in device memory, laid out [invocation][bin]. A pair holds the count in the
// low 24 bits of x, the low half of the sum of rests in y and its carries above the count.
#extension GL_GOOGLE_include_directive : require

#include "compute/profile_elements.glsl"

uint histogram;

void count(uint bits) {
    if (!observe(bits)) return;
    uint rest;
    const uint index = histogram + binOf(bits, rest);
    uvec2 counter = push.scratch.at[index];
    counter.y += rest;
    counter.x += 1u + (uint(counter.y < rest) << 24);
    push.scratch.at[index] = counter;
}

void main() {
    const uint index = invocationIndex();
    const uint begin = index * push.runElements;
    const uint end = min(begin + push.runElements, push.elements);
    if (begin >= end) return;
    histogram = index * 2u * binsPerSide;
    for (uint quad = begin / 4u; quad < end / 4u; ++quad) {
        const uvec4 bits = loadQuad(push.data, quad);
        count(bits.x);
        count(bits.y);
        count(bits.z);
        count(bits.w);
    }
    const uvec4 last = (end & 3u) != 0u ? loadQuad(push.data, end / 4u) : uvec4(0u);
    for (uint i = 0u; i < (end & 3u); ++i) count(last[i]);
    for (uint bin = 0u; bin < 2u * binsPerSide; ++bin) {
        const uvec2 counter = push.scratch.at[histogram + bin];
        if (counter.x == 0u) continue;
        addToBin(bin, counter.x & 0xffffffu, counter.y, counter.x >> 24);
        push.scratch.at[histogram + bin] = uvec2(0u);
    }
    addRegisters();
}
