#version 460
// Multiply-adds of float32 in registers alone: chains of x = x * factor + addend, independent of each other
// so that their latencies overlap, each of which needs its last value, so that nothing can be left out. The
// values stay between their seeds and addend / (1 - factor): no denormals, no infinities.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

#include "compute/grid.glsl"
#include "peak_rate.h"

layout(constant_id = 2) const uint chains = 12;
layout(constant_id = 3) const uint unroll = 32;  // steps of every chain in one turn
layout(push_constant, scalar) uniform Push {
    PeakRatePush push;
};

float values[chains];

void main() {
    const float factor = uintBitsToFloat(push.factor), addend = uintBitsToFloat(push.addend);
    [[unroll]] for (uint i = 0u; i < chains; ++i)
        values[i] = addend * float((invocationIndex() & 255u) + i);
    const uint turns = push.turns;
    uint turn = 0u;
    do {
        [[unroll]] for (uint u = 0u; u < unroll; ++u) [[unroll]]
            for (uint i = 0u; i < chains; ++i) values[i] = fma(values[i], factor, addend);
    } while (++turn < turns);
    float sum = 0.0;
    [[unroll]] for (uint i = 0u; i < chains; ++i)
        sum += values[i];
    push.results.at[invocationIndex()] = floatBitsToUint(sum);
}
