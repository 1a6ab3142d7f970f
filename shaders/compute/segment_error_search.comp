#version 460
// The clip of least measured error of every segment for up to eight formats that are spaced alike: a coarse
// logarithmic grid of clips below the largest that makes sense, then finer ones around the best.
#extension GL_GOOGLE_include_directive : require

#include "compute/segment_error.glsl"

layout(constant_id = 16) const bool isPowerOfTwo = false;  // the scales
layout(push_constant, scalar) uniform Push {
    SegmentErrorSearchPush push;
};

// The clip as it can be: with a power-of-two scale the next below.
float possibleClip(float clip, FormatRange format) {
    if (!isPowerOfTwo) return clip;
    const uint scale = floatBitsToUint(clip / format.clipLevel) & 0x7f800000u;
    return uintBitsToFloat(scale) * format.clipLevel;
}

void main() {
    const uint segment = segmentIndex(push.geometry);
    SegmentElements elements =
        SegmentElements(push.data, push.weights, push.geometry, segmentLength(push.geometry, segment),
                        segmentStart(push.geometry, segment), push.exponent);
    const float largest = largestMagnitude(elements, push.sides);
    // A float's levels may fall better with the largest beyond the data, and a scale may have to be rounded
    // up.
    const float limit = spacing == spacingFloat || isPowerOfTwo ? 2.0 * largest : largest;
    for (uint g = 0u; g < push.gridCount; ++g) {
        const FormatRange format = push.formats.at[g];
        float best = limit, least = largestFloat;
        uint table = 0u;
        for (uint round_ = 0u; round_ <= push.fineRounds; ++round_) {
            const uint points = round_ == 0u ? push.coarsePoints : push.finePoints;
            const float base = best;
            for (uint i = 0u; i < points; ++i) {
                precise const float clip = possibleClip(min(base * push.ratios.at[table + i], limit), format);
                const float error =
                    errorOf(elements, gridOf(clip / format.clipLevel, format.smallest, format.largest), clip);
                if (error < least) {
                    least = error;
                    best = clip;
                }
            }
            table += points;
        }
        if (laneIndex() == 0u && segment < push.geometry.segments) {
            push.clips.at[segment * push.gridCount + g] = floatBitsToUint(largest > 0.0 ? best : 0.0);
        }
    }
}
