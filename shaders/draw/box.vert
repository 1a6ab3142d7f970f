#version 460
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    BoxPush push;
};

layout(location = 0) out vec2 pixel;
layout(location = 1) out flat vec4 rect;
layout(location = 2) out flat uint packedColour;

void main() {
    const FilledBox box = push.boxes.at[gl_InstanceIndex];
    rect = box.rect;
    packedColour = box.colour;
    pixel = mix(rect.xy - 1.0, rect.zw + 1.0, cornerOf(gl_VertexIndex));
    gl_Position = clipSpace(pixel, push.imageSize);
}
