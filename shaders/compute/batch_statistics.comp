#version 460
// Puts the chunks of each channel together, a subgroup for each channel: the squared deviations of a chunk
// about the mean of all are its own and count * (difference of means)^2 (T. Chan, G. Golub and R. LeVeque,
// 1983, equation 2.1). Running statistics as S. Ioffe and C. Szegedy, Batch Normalization, 2015, section
// 3.1, have them.
#extension GL_GOOGLE_include_directive : require

#include "compute/moments.glsl"
#include "normalization.h"

layout(push_constant, scalar) uniform Push {
    BatchStatisticsPush push;
};

float partial(uint chunk, uint part) {
    return uintBitsToFloat(push.partials.at[4u * chunk + part]);
}

// A chunk's mean is center + shift: the difference is formed before the small part is added.
float walkChunks(uint first) {
    float squares = 0.0;
    for (uint i = lane; i < push.chunks; i += workgroupSize) {
        const float count = partial(first + i, 3u);
        precise const float deviation = partial(first + i, 0u) - center + partial(first + i, 1u);
        deviations += vec2(deviation, deviation * deviation) * count;
        squares += partial(first + i, 2u);
    }
    return squares;
}

float moved(Words running, uint channel, float towards) {
    precise const float value =
        (1.0 - push.momentum) * uintBitsToFloat(running.at[channel]) + push.momentum * towards;
    return value;
}

void main() {
    findLane();
    const uint channel = push.firstChannel + workgroupIndex();
    if (channel >= push.channels) return;
    const float count = float(push.count);
    const uint first = channel * push.chunks;
    beginMoments(partial(first, 0u));
    walkChunks(first);
    centerMoments(count);
    const float within = addedUp(walkChunks(first));
    const Moments moments = endMoments(count);
    const float squares = within + moments.squares, mean = center + moments.shift;
    if (lane != 0u) return;
    push.centers.at[channel] = floatBitsToUint(center);
    push.shifts.at[channel] = floatBitsToUint(moments.shift);
    push.means.at[channel] = floatBitsToUint(mean);
    push.variances.at[channel] = floatBitsToUint(squares / count);
    if (push.hasRunning == 0u) return;
    push.runningMeans.at[channel] = floatBitsToUint(moved(push.runningMeans, channel, mean));
    push.runningVariances.at[channel] =
        floatBitsToUint(moved(push.runningVariances, channel, squares / (count - 1.0)));
}
