#version 460
// As peak_rate, of packed dot products of 4 signed bytes, accumulated: x = x + dot(x, factor). Needs
// shaderIntegerDotProduct.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_integer_dot_product : require

#include "compute/grid.glsl"
#include "peak_rate.h"

layout(constant_id = 2) const uint chains = 12;
layout(constant_id = 3) const uint unroll = 32;  // steps of every chain in one turn
layout(push_constant, scalar) uniform Push {
    PeakRatePush push;
};

int values[chains];

void main() {
    const int factor = int(push.factor);
    [[unroll]] for (uint i = 0u; i < chains; ++i)
        values[i] = int(push.addend * (invocationIndex() + i + 1u));
    const uint turns = push.turns;
    uint turn = 0u;
    do {
        [[unroll]] for (uint u = 0u; u < unroll; ++u) [[unroll]]
            for (uint i = 0u; i < chains; ++i) values[i] += dotPacked4x8EXT(values[i], factor);
    } while (++turn < turns);
    int sum = 0;
    [[unroll]] for (uint i = 0u; i < chains; ++i)
        sum += values[i];
    push.results.at[invocationIndex()] = uint(sum);
}
