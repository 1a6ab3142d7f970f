#version 460
// The mean of each plane, a subgroup for each.
#extension GL_GOOGLE_include_directive : require

#include "pooling.h"

layout(push_constant, scalar) uniform Push {
    PlaneMeanPush push;
};

float sum;

void takeElement(uint pass, uint index, float value) {
    sum += value;
}

#include "compute/lane_runs.glsl"

void main() {
    findLane();
    const uint plane = push.firstPlane + workgroupIndex();
    if (plane >= push.planes) return;
    sum = 0.0;
    walkRun(0u, push.from, plane * push.pixels, push.pixels);
    const float all_ = addedUp(sum);
    if (lane == 0u) push.to.at[plane] = floatBitsToUint(all_ / float(push.pixels));
}
