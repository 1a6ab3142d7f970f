#version 460
// The range of least measured error of every segment for up to eight affine formats: both ends shrunk
// together along a coarse logarithmic grid, then one after the other by finer ratios.
#extension GL_GOOGLE_include_directive : require

#include "compute/segment_error.glsl"

layout(push_constant, scalar) uniform Push {
    SegmentErrorSearchPush push;
};

SegmentElements elements;
float top, bottom;  // largest magnitudes above and below zero
float high, low, least;

float rangeError(float high_, float low_, FormatRange format) {
    precise const float size = (high_ + low_) / (format.largest - format.smallest);
    const float zero = size > smallestNormal ? roundEven(format.smallest + low_ / size) : 0.0;
    const float zeroPoint = min(max(zero, format.smallest), format.largest);
    return errorOf(elements, gridOf(size, format.smallest - zeroPoint, format.largest - zeroPoint), high_);
}

void tryRange(float high_, float low_, FormatRange format) {
    const float error = rangeError(high_, low_, format);
    if (error < least) {
        least = error;
        high = high_;
        low = low_;
    }
}

void main() {
    const uint segment = segmentIndex(push.geometry);
    elements = SegmentElements(push.data, push.weights, push.geometry, segmentLength(push.geometry, segment),
                               segmentStart(push.geometry, segment), push.exponent);
    top = largestMagnitude(elements, 1u);
    bottom = largestMagnitude(elements, 2u);
    for (uint g = 0u; g < push.gridCount; ++g) {
        const FormatRange format = push.formats.at[g];
        high = top;
        low = bottom;
        least = largestFloat;
        for (uint i = 0u; i < push.coarsePoints; ++i)
            tryRange(top * push.ratios.at[i], bottom * push.ratios.at[i], format);
        uint table = push.coarsePoints;
        for (uint round_ = 0u; round_ < push.fineRounds; ++round_) {
            const float baseHigh = high;
            for (uint i = 0u; i < push.finePoints; ++i)
                tryRange(min(baseHigh * push.ratios.at[table + i], top), low, format);
            const float baseLow = low;
            for (uint i = 0u; i < push.finePoints; ++i)
                tryRange(high, min(baseLow * push.ratios.at[table + i], bottom), format);
            table += push.finePoints;
        }
        if (laneIndex() == 0u && segment < push.geometry.segments) {
            const uint slot = 2u * (segment * push.gridCount + g);
            push.clips.at[slot] = floatBitsToUint(high);
            push.clips.at[slot + 1u] = floatBitsToUint(low);
        }
    }
}
