#version 460
// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, channel by channel.
#extension GL_GOOGLE_include_directive : require

#include "normalization.h"

layout(push_constant, scalar) uniform Push {
    BatchNormalizePush push;
};

float center, shift, scale, offset;

void takeElement(uint pass, uint index, float value) {
    precise const float y = (value - center - shift) * scale + offset;
    push.to.at[index] = floatBitsToUint(y);
}

#include "compute/batch_chunks.glsl"

// Where there are none, the first word is read all the same and not used.
float valueOf(Words values, uint has, uint channel, float otherwise) {
    const float value = uintBitsToFloat(values.at[has * channel]);
    return has != 0u ? value : otherwise;
}

void main() {
    findLane();
    const uint group = push.firstGroup + workgroupIndex();
    if (group >= push.groups) return;
    const Chunk chunk = chunkOf(push.geometry, group);
    center = valueOf(push.centers, 1u, chunk.channel, 0.0);
    shift = valueOf(push.shifts, push.hasShifts, chunk.channel, 0.0);
    const float variance = valueOf(push.variances, 1u, chunk.channel, 0.0);
    scale = valueOf(push.gamma, push.hasGamma, chunk.channel, 1.0) / sqrt(variance + push.epsilon);
    offset = valueOf(push.beta, push.hasBeta, chunk.channel, 0.0);
    walkChunk(0u, push.from, push.geometry, chunk);
}
