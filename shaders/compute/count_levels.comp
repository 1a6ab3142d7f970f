#version 460
// Counts how many finite elements a quantizer sends to each of its levels. In integers alone: the host has
// found the least float of each level, and floats compare as their order keys do. Counters as in
// count_linear.comp.
#extension GL_GOOGLE_include_directive : require

#include "compute/elements.glsl"
#include "compute/grid.glsl"
#include "level_counts.h"

layout(constant_id = 2) const bool isShared = false;
layout(push_constant, scalar) uniform Push {
    LevelCountPush push;
};

shared uint counters[maxLevelCounters];

// maxLevelCounters for what is not counted.
uint counterOf(uint bits) {
    const uint key = (bits >> 31) != 0u ? ~bits : bits | 0x80000000u;
    // How many thresholds lie at or below the key.
    uint level = 0u;
    for (uint size = 1u << push.searchSteps >> 1u; size > 0u; size >>= 1u) {
        if (push.thresholds.at[level + size - 1u] <= key) level += size;
    }
    const uint counter = uint(abs(int(level) - push.zeroLevel));
    return (bits & 0x7fffffffu) < 0x7f800000u ? counter : maxLevelCounters;
}

void addToCounter(uint counter, uint count) {
    if (count == 0u) return;
    const uint before = atomicAdd(push.counts.at[2u * counter], count);
    if (before + count < before) atomicAdd(push.counts.at[2u * counter + 1u], 1u);
}

void countOne(uint bits) {
    const uint counter = counterOf(bits);
    if (counter < maxLevelCounters) atomicAdd(counters[counter], 1u);
}

void countShared() {
    const uint lane = gl_LocalInvocationID.x;
    for (uint i = lane; i < push.counters; i += workgroupSize) counters[i] = 0u;
    barrier();
    const uint begin = workgroupIndex() * push.runElements;
    const uint end = min(begin + push.runElements, push.elements);
    const uint wholeQuads = end / 4u;
    for (uint quad = begin / 4u + lane; quad < wholeQuads; quad += workgroupSize) {
        const uvec4 bits = loadQuad(push.data, quad);
        for (uint i = 0u; i < 4u; ++i) countOne(bits[i]);
    }
    if (begin < end && lane < (end & 3u)) countOne(loadQuad(push.data, wholeQuads)[lane]);
    barrier();
    for (uint i = lane; i < push.counters; i += workgroupSize) addToCounter(i, counters[i]);
}

void countPrivate() {
    const uint index = invocationIndex();
    const uint begin = index * push.runElements;
    const uint end = min(begin + push.runElements, push.elements);
    if (begin >= end) return;
    const uint own = index * levelCounters;
    for (uint quad = begin / 4u; quad < end / 4u; ++quad) {
        const uvec4 bits = loadQuad(push.data, quad);
        for (uint i = 0u; i < 4u; ++i) ++push.scratch.at[own + counterOf(bits[i])];
    }
    const uvec4 last = (end & 3u) != 0u ? loadQuad(push.data, end / 4u) : uvec4(0u);
    for (uint i = 0u; i < (end & 3u); ++i) ++push.scratch.at[own + counterOf(last[i])];
    for (uint i = 0u; i < push.counters; ++i) {
        addToCounter(i, push.scratch.at[own + i]);
        push.scratch.at[own + i] = 0u;
    }
}

void main() {
    if (isShared)
        countShared();
    else
        countPrivate();
}
