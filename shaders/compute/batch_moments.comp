#version 460
// Mean and squared deviations of each chunk of a channel.
#extension GL_GOOGLE_include_directive : require

#include "compute/moments.glsl"

void takeElement(uint pass, uint index, float value) {
    addDeviation(value);
}

#include "compute/batch_chunks.glsl"

layout(push_constant, scalar) uniform Push {
    BatchMomentsPush push;
};

void main() {
    findLane();
    const uint group = push.firstGroup + workgroupIndex();
    if (group >= push.groups) return;
    const Chunk chunk = chunkOf(push.geometry, group);
    const float count = float((chunk.endImage - chunk.firstImage) * chunk.pixels);
    beginMoments(elementAt(push.from, chunk.start));
    walkChunk(0u, push.from, push.geometry, chunk);
    centerMoments(count);
    walkChunk(0u, push.from, push.geometry, chunk);
    const Moments moments = endMoments(count);
    const float parts[4] = float[](center, moments.shift, moments.squares, count);
    if (lane < 4u) push.partials.at[4u * group + lane] = floatBitsToUint(parts[lane]);
}
