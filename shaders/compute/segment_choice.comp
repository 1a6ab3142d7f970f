#version 460
// Of two clips of every segment the one with less real error, by the metric; of equal ones the second.
#extension GL_GOOGLE_include_directive : require

#include "compute/segment_error.glsl"

layout(push_constant, scalar) uniform Push {
    SegmentChoicePush push;
};

void main() {
    const uint segment = segmentIndex(push.geometry);
    SegmentElements elements = segmentElements(push.data, push.weights, push.geometry, segment);
    const uvec2 clips = push.clips.at[min(segment, push.geometry.segments - 1u)];
    float errors[2];
    for (uint i = 0u; i < 2u; ++i) {
        const float clip = exactlyScaled(clips[i], elements.exponent);
        errors[i] = errorOf(
            elements, gridOf(clip / push.format.clipLevel, push.format.smallest, push.format.largest), clip);
    }
    if (laneIndex() == 0u && segment < push.geometry.segments)
        push.chosen.at[segment] = errors[0] < errors[1] ? 0u : 1u;
}
