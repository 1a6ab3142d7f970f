#version 460
// A plain sum: reads every byte once and does next to nothing with it.
#extension GL_GOOGLE_include_directive : require

#include "bandwidth.h"
#include "compute/grid.glsl"

layout(push_constant, scalar) uniform Push {
    BandwidthPush push;
};

void main() {
    const uint begin = workgroupIndex() * push.runQuads;
    const uint end = min(begin + push.runQuads, push.quads);
    vec4 sum = vec4(0.0);
    for (uint i = begin + gl_LocalInvocationID.x; i < end; i += workgroupSize)
        sum += uintBitsToFloat(push.from.at[i]);
    push.to.at[invocationIndex()] = floatBitsToUint(sum);
}
