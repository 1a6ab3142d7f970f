#version 460
// Counts nonzero magnitudes in 2048 equal bins from zero to the largest. The bin is the integer part of one
// float product, which IEEE arithmetic rounds the same on every device; quant/linear_histogram.h has the
// edge rule. Counters as in the profile: one set per invocation in device memory, for CPUs, or one per
// workgroup in shared memory.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "compute/quantize.glsl"
#include "linear_histogram.h"

layout(constant_id = 2) const bool isShared = false;
layout(push_constant, scalar) uniform Push {
    LinearCountPush push;
};

shared uint counters[linearBins];

// linearBins for what is not counted.
uint binOf(uint bits) {
    const uint magnitude = bits & 0x7fffffffu;
    const float scaled = scaledElement(magnitude, push.exponent);
    precise const float position = scaled * push.binsPerScale;
    const bool isCounted =
        magnitude != 0u && magnitude < 0x7f800000u && (push.sides >> (bits >> 31) & 1u) != 0u;
    // By way of int: many processors convert vectors to that alone.
    return isCounted ? uint(int(min(position, float(linearBins - 1u)))) : linearBins;
}

void addToBin(uint bin, uint count) {
    if (count == 0u) return;
    const uint before = atomicAdd(push.counts.at[2u * bin], count);
    if (before + count < before) atomicAdd(push.counts.at[2u * bin + 1u], 1u);
}

void countShared() {
    const uint lane = gl_LocalInvocationID.x;
    for (uint bin = lane; bin < linearBins; bin += workgroupSize) counters[bin] = 0u;
    barrier();
    const uint begin = workgroupIndex() * push.runElements;
    const uint end = min(begin + push.runElements, push.elements);
    const uint wholeQuads = end / 4u;
    for (uint quad = begin / 4u + lane; quad < wholeQuads; quad += workgroupSize) {
        const uvec4 bits = loadQuad(push.data, quad);
        for (uint i = 0u; i < 4u; ++i) {
            const uint bin = binOf(bits[i]);
            if (bin < linearBins) atomicAdd(counters[bin], 1u);
        }
    }
    if (begin < end && lane < (end & 3u)) {
        const uint bin = binOf(loadQuad(push.data, wholeQuads)[lane]);
        if (bin < linearBins) atomicAdd(counters[bin], 1u);
    }
    barrier();
    for (uint bin = lane; bin < linearBins; bin += workgroupSize) addToBin(bin, counters[bin]);
}

void countPrivate() {
    const uint index = invocationIndex();
    const uint begin = index * push.runElements;
    const uint end = min(begin + push.runElements, push.elements);
    if (begin >= end) return;
    const uint own = index * linearCounters;
    for (uint quad = begin / 4u; quad < end / 4u; ++quad) {
        const uvec4 bits = loadQuad(push.data, quad);
        for (uint i = 0u; i < 4u; ++i) ++push.scratch.at[own + binOf(bits[i])];
    }
    const uvec4 last = (end & 3u) != 0u ? loadQuad(push.data, end / 4u) : uvec4(0u);
    for (uint i = 0u; i < (end & 3u); ++i) ++push.scratch.at[own + binOf(last[i])];
    for (uint bin = 0u; bin < linearBins; ++bin) {
        const uint count = push.scratch.at[own + bin];
        if (count == 0u) continue;
        addToBin(bin, count);
        push.scratch.at[own + bin] = 0u;
    }
}

void main() {
    if (isShared)
        countShared();
    else
        countPrivate();
}
