#version 460
// Level 1 of the profile with 64-bit atomics in shared memory: one counter per bin, count above bit 40, sum
// of rests below. A workgroup owns a contiguous run.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_shader_atomic_int64 : require

#include "compute/profile_elements.glsl"

shared uint64_t counters[2 * binsPerSide];

void count(uint bits) {
    if (!observe(bits)) return;
    uint rest;
    const uint bin = binOf(bits, rest);
    atomicAdd(counters[bin], (uint64_t(1) << 40) | uint64_t(rest));
}

void main() {
    const uint lane = gl_LocalInvocationID.x;
    for (uint i = lane; i < 2u * binsPerSide; i += workgroupSize) counters[i] = 0;
    barrier();
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
    barrier();
    for (uint i = lane; i < 2u * binsPerSide; i += workgroupSize) {
        const uint64_t packed = counters[i];
        const uint64_t sum = packed & ((uint64_t(1) << 40) - 1);
        addToBin(i, uint(packed >> 40), uint(sum), uint(sum >> 32));
    }
    addRegisters();
}
