#version 460
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    HeatPush push;
};

layout(location = 0) out vec2 pixel;

// The whole image; the painter clips to the plot.
void main() {
    pixel = push.imageSize * cornerOf(gl_VertexIndex);
    gl_Position = clipSpace(pixel, push.imageSize);
}
