#version 460
// Sums of losses and of how many count, lossesPerGroup rows to a subgroup, and their quotient in the end.
#extension GL_GOOGLE_include_directive : require

#include "cross_entropy.h"

layout(push_constant, scalar) uniform Push {
    LossMeanPush push;
};

float sum;

void takeElement(uint pass, uint index, float value) {
    sum += value;
}

#include "compute/lane_runs.glsl"

float sumOf(Words values, uint first) {
    sum = 0.0;
    walkRun(0u, values, first, min(lossesPerGroup, push.rows - first));
    return addedUp(sum);
}

void main() {
    findLane();
    const uint group = workgroupIndex(), first = group * lossesPerGroup;
    if (first >= push.rows) return;
    const float losses = sumOf(push.losses, first), counts = sumOf(push.counts, first);
    if (lane != 0u) return;
    push.lossSums.at[group] = floatBitsToUint(losses);
    push.countSums.at[group] = floatBitsToUint(counts);
    const uint nan = 0x7fc00000u;
    if (push.rows <= lossesPerGroup) push.mean.at[0] = counts == 0.0 ? nan : floatBitsToUint(losses / counts);
}
