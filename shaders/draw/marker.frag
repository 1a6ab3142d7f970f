#version 460
// Shapes by signed distance, with an edge of a pixel and a half in a colour of its own.
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    MarkerPush push;
};

layout(location = 0) in vec2 place;
layout(location = 1) in flat uint index;
layout(location = 0) out vec4 colour;

float shapeDistance(uint shape, vec2 p, float radius) {
    const vec2 a = abs(p);
    if (shape == shapeSquare) return max(a.x, a.y) - 0.85 * radius;
    if (shape == shapeDiamond) return (a.x + a.y - 1.2 * radius) * 0.70710678;
    if (shape == shapeTriangle) return max(0.8660254 * a.x - 0.5 * p.y, p.y) - 0.55 * radius;
    if (shape == shapeCross) return max(abs(a.x - a.y) * 0.70710678 - 1.2, max(a.x, a.y) - 0.8 * radius);
    if (shape == shapeRing) return abs(length(p) - radius + 1.0) - 1.0;
    return length(p) - radius;
}

void main() {
    const Marker marker = push.markers.at[index];
    const float distance = shapeDistance(marker.shape, place, 0.5 * marker.size);
    const bool isOutline = marker.shape == shapeCross || marker.shape == shapeRing;
    const float edgeWidth = isOutline ? 0.0 : 1.5;
    const vec4 fill = unpackUnorm4x8(marker.colour), edge = unpackUnorm4x8(marker.edge);
    colour = mix(edge, fill, edge.a > 0.0 ? cover(distance + edgeWidth) : 1.0);
    colour.a *= cover(distance);
}
