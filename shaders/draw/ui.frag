#version 460
#extension GL_GOOGLE_include_directive : require

#include "draw.h"

layout(push_constant, scalar) uniform Push {
    UiPush push;
};

layout(location = 0) in vec2 texel;
layout(location = 1) in vec4 tint;
layout(location = 0) out vec4 colour;

float coverAt(ivec2 at) {
    const ivec2 inside = clamp(at, ivec2(0), ivec2(push.atlasWidth, push.atlasHeight) - 1);
    const uint place = inside.y * push.atlasWidth + inside.x;
    return float((push.atlas.at[place / 4u] >> (8u * (place & 3u))) & 0xffu) / 255.0;
}

// Cover between four texels, as a linear sampler gives it.
void main() {
    const vec2 corner = texel - 0.5;
    const ivec2 first = ivec2(floor(corner));
    const vec2 part = corner - vec2(first);
    const float upper = mix(coverAt(first), coverAt(first + ivec2(1, 0)), part.x);
    const float lower = mix(coverAt(first + ivec2(0, 1)), coverAt(first + ivec2(1, 1)), part.x);
    colour = tint;
    colour.a *= mix(upper, lower, part.y);
}
