#version 460
// The clip of least measured error of every segment for up to eight grids: a coarse logarithmic grid of clips
// below the segment's largest magnitude, then finer ones around the best.
#extension GL_GOOGLE_include_directive : require

#include "compute/quantize.glsl"
#include "compute/segment_reduce.glsl"

layout(push_constant, scalar) uniform Push {
    SegmentErrorSearchPush push;
};

const float largestFloat = 3.4028235e38, smallestNormal = 1.17549435e-38;

uint elements, start;

float elementAt(uint i) {
    return scaledElement(loadElement(push.data, start + segmentOffset(push.geometry, i)), push.exponent);
}

float errorOf(GridCandidate grid) {
    float sum = 0.0;
    for (uint i = laneIndex(); i < elements; i += laneCount()) {
        const float error = quantizationError(elementAt(i), grid);
        precise const float next = sum + error * error;
        sum = next;
    }
    return reduceAddFloat(sum);
}

void main() {
    const uint segment = segmentIndex(push.geometry);
    elements = segmentLength(push.geometry, segment);
    start = segmentStart(push.geometry, segment);
    uint top = 0u;
    for (uint i = laneIndex(); i < elements; i += laneCount()) {
        const float x = elementAt(i);
        top = max(top, push.sides == 1u ? floatBitsToUint(max(x, 0.0)) : floatBitsToUint(abs(x)));
    }
    const float largest = uintBitsToFloat(reduceMax(top));
    for (uint g = 0u; g < push.gridCount; ++g) {
        float best = largest, least = largestFloat;
        uint table = 0u;
        for (uint round_ = 0u; round_ <= push.fineRounds; ++round_) {
            const uint points = round_ == 0u ? push.coarsePoints : push.finePoints;
            const float base = best;
            for (uint i = 0u; i < points; ++i) {
                precise const float clip = min(base * push.ratios.at[table + i], largest);
                precise const float size = clip / push.qmax[g];
                const float inverse = size > smallestNormal ? 1.0 / size : 0.0;
                const float error = errorOf(
                    GridCandidate(size, inverse, push.sides == 1u ? 0.0 : -push.qmax[g], push.qmax[g], 0u));
                if (error < least) {
                    least = error;
                    best = clip;
                }
            }
            table += points;
        }
        if (laneIndex() == 0u && segment < push.geometry.segments) {
            push.clips.at[segment * push.gridCount + g] = floatBitsToUint(best);
        }
    }
}
