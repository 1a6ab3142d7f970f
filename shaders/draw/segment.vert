#version 460
// Lines of their own, each from one point to another: grid, marks, steps.
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    SegmentPush push;
};

layout(location = 0) out vec2 pixel;
layout(location = 1) out flat uint index;

void main() {
    index = gl_InstanceIndex;
    const Segment segment = push.segments.at[index];
    const vec2 along = segment.to - segment.from;
    const vec2 direction = dot(along, along) > 0.0 ? normalize(along) : vec2(1, 0);
    const vec2 normal = vec2(-direction.y, direction.x);
    const vec2 corner = cornerOf(gl_VertexIndex);
    const float reach = 0.5 * segment.width + 1.0;
    pixel = mix(segment.from - reach * direction, segment.to + reach * direction, corner.x) +
            normal * reach * (2.0 * corner.y - 1.0);
    gl_Position = clipSpace(pixel, push.imageSize);
}
