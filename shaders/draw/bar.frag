#version 460
#extension GL_GOOGLE_include_directive : require

#include "draw.h"

layout(push_constant, scalar) uniform Push {
    BarPush push;
};

layout(location = 0) in float row;
layout(location = 1) in flat float top;
layout(location = 0) out vec4 colour;

void main() {
    colour = unpackUnorm4x8(push.colour);
    colour.a *= clamp(row + 0.5 - top, 0.0, 1.0);
}
