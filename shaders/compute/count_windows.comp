#version 460
// Counts the values in up to eight windows of magnitudes, and what lies above each in its bin, in one read.
// As a rule almost no element is in a window, so atomics in device memory do (data of few values is right,
// but slow); what lies above is added up in registers.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "compute/elements.glsl"
#include "compute/grid.glsl"
#include "window.h"

layout(constant_id = 2) const uint windowCount = 8;
layout(push_constant, scalar) uniform Push {
    WindowPush push;
};

const uint none = 0xffffffffu;
const uint quadsPerBlock = 256u;  // 1024 rests of 20 bits fit 32

uint firsts[windowCount];  // of the windows
uint spans[windowCount];   // from the end of a window to the end of its bin
uint counts[windowCount], sums[windowCount], sumsHigh[windowCount];

void count(uint bits) {
    // Zeros and the other side go where no window is.
    const bool isCounted = (bits & 0x7fffffffu) != 0u && (push.sides >> (bits >> 31) & 1u) != 0u;
    const uint magnitude = isCounted ? bits & 0x7fffffffu : none;
    const uint rest = bits & 0xfffffu;
    uint hit = none;
    for (uint w = 0u; w < windowCount; ++w) {
        const uint offset = magnitude - firsts[w];
        const bool isAbove = offset - windowValues < spans[w];
        counts[w] += uint(isAbove);
        sums[w] += isAbove ? rest : 0u;
        hit = offset < windowValues ? w * windowWords + 4u + offset : hit;
    }
    if (hit != none) atomicAdd(push.results.at[hit], 1u);
}

void addAbove(uint word, uint low, uint high) {
    const uint before = atomicAdd(push.results.at[word], low);
    const uint carried = high + uint(before + low < before);
    if (carried != 0u) atomicAdd(push.results.at[word + 1u], carried);
}

void main() {
    const uint lane = gl_LocalInvocationID.x;
    for (uint w = 0u; w < windowCount; ++w) {
        firsts[w] = push.windows.at[2u * w];
        spans[w] = push.windows.at[2u * w + 1u] - firsts[w] - windowValues;
        counts[w] = 0u;
        sums[w] = 0u;
        sumsHigh[w] = 0u;
    }
    const uint begin = workgroupIndex() * push.runElements;
    const uint end = min(begin + push.runElements, push.elements);
    const uint wholeQuads = end / 4u;
    for (uint block = begin / 4u; block < wholeQuads; block += quadsPerBlock * workgroupSize) {
        const uint blockEnd = min(block + quadsPerBlock * workgroupSize, wholeQuads);
        for (uint quad = block + lane; quad < blockEnd; quad += workgroupSize) {
            const uvec4 bits = loadQuad(push.data, quad);
            count(bits.x);
            count(bits.y);
            count(bits.z);
            count(bits.w);
        }
        for (uint w = 0u; w < windowCount; ++w) {
            sumsHigh[w] += sums[w] >> 16;
            sums[w] &= 0xffffu;
        }
    }
    if (begin < end && lane < (end & 3u)) count(loadQuad(push.data, wholeQuads)[lane]);
    for (uint w = 0u; w < windowCount; ++w) {
        // A subgroup's sums of 16-bit halves fit 32 bits: a run has at most 2^20 elements.
        const uint total = subgroupAdd(counts[w]);
        const uint low = subgroupAdd(sums[w] & 0xffffu);
        const uint high = subgroupAdd(sumsHigh[w] + (sums[w] >> 16));
        if (!subgroupElect() || total == 0u) continue;
        const uint sumLow = low + (high << 16);
        addAbove(w * windowWords, total, 0u);
        addAbove(w * windowWords + 2u, sumLow, (high >> 16) + uint(sumLow < low));
    }
}
