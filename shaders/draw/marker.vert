#version 460
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    MarkerPush push;
};

layout(location = 0) out vec2 place;  // pixels from the centre
layout(location = 1) out flat uint index;

void main() {
    index = gl_InstanceIndex;
    const Marker marker = push.markers.at[index];
    place = (0.5 * marker.size + 2.0) * (2.0 * cornerOf(gl_VertexIndex) - 1.0);
    gl_Position = clipSpace(marker.centre + place, push.imageSize);
}
