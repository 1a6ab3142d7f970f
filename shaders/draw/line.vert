#version 460
// One quad around each segment of a polyline that polyline.comp wrote. The fragment shader sees the
// neighbours too, so that each pixel is drawn by the nearest segment alone and joints are not drawn twice.
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/axis.glsl"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    LinePush push;
};

layout(location = 0) out vec2 pixel;
layout(location = 1) out flat vec4 ends;        // of this segment
layout(location = 2) out flat vec4 neighbours;  // the point before and the one after
layout(location = 3) out flat float lengthBefore;

vec2 pointAt(uint i) {
    return vec2(push.points.at[3u * i], push.points.at[3u * i + 1u]);
}

void main() {
    const uint i = gl_InstanceIndex;
    const vec2 from = pointAt(i), to = pointAt(i + 1u);
    ends = vec4(from, to);
    const vec2 before = i > 0u ? pointAt(i - 1u) : from;
    const vec2 after = i + 2u < push.count ? pointAt(i + 2u) : to;
    neighbours = vec4(isNan(before.y) ? from : before, isNan(after.y) ? to : after);
    lengthBefore = push.points.at[3u * i + 2u];
    if (isNan(from.y) || isNan(to.y)) {
        gl_Position = vec4(2.0, 2.0, 0.0, 1.0);  // outside
        pixel = vec2(0);
        return;
    }
    const vec2 along = to - from;
    const vec2 direction = dot(along, along) > 0.0 ? normalize(along) : vec2(1, 0);
    const vec2 normal = vec2(-direction.y, direction.x);
    const vec2 corner = cornerOf(gl_VertexIndex);
    const float reach = 0.5 * push.width + 1.0;
    pixel = mix(from - reach * direction, to + reach * direction, corner.x) +
            normal * reach * (2.0 * corner.y - 1.0);
    gl_Position = clipSpace(pixel, push.imageSize);
}
