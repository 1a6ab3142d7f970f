#version 460
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    SegmentPush push;
};

layout(location = 0) in vec2 pixel;
layout(location = 1) in flat uint index;
layout(location = 0) out vec4 colour;

// Ends are cut square at the points, so that grid lines end where the plot does.
void main() {
    const Segment segment = push.segments.at[index];
    const vec2 along = segment.to - segment.from;
    const float length_ = length(along);
    const vec2 direction = length_ > 0.0 ? along / length_ : vec2(1, 0);
    const vec2 offset = pixel - segment.from;
    const float place = dot(offset, direction), side = abs(dot(offset, vec2(-direction.y, direction.x)));
    const float gap = push.dashScale * dashDistance(segment.dash, (segment.phase + place) / push.dashScale);
    const float beyond = max(-place, place - length_);
    colour = unpackUnorm4x8(segment.colour);
    colour.a *= cover(side - 0.5 * segment.width) * cover(gap) * cover(beyond);
}
