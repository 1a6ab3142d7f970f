#version 460
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    LinePush push;
};

layout(location = 0) in vec2 pixel;
layout(location = 1) in flat vec4 ends;
layout(location = 2) in flat vec4 neighbours;
layout(location = 3) in flat float lengthBefore;
layout(location = 0) out vec4 colour;

void main() {
    const vec2 here = segmentDistance(pixel, ends.xy, ends.zw);
    const float before = segmentDistance(pixel, neighbours.xy, ends.xy).x;
    const float after = segmentDistance(pixel, ends.zw, neighbours.zw).x;
    // Of equally near ones the earlier draws.
    const bool isMine =
        (neighbours.xy == ends.xy || here.x < before) && (neighbours.zw == ends.zw || here.x <= after);
    const float gap = push.dashScale * dashDistance(push.dash, (lengthBefore + here.y) / push.dashScale);
    colour = unpackUnorm4x8(push.colour);
    colour.a *= isMine ? cover(here.x - 0.5 * push.width) * cover(gap) : 0.0;
}
