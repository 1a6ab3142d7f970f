#version 460
// A plain copy: reads and writes every byte once.
#extension GL_GOOGLE_include_directive : require

#include "bandwidth.h"
#include "compute/grid.glsl"

layout(push_constant, scalar) uniform Push {
    BandwidthPush push;
};

void main() {
    const uint begin = workgroupIndex() * push.runQuads;
    const uint end = min(begin + push.runQuads, push.quads);
    for (uint i = begin + gl_LocalInvocationID.x; i < end; i += workgroupSize)
        push.to.at[i] = push.from.at[i];
}
