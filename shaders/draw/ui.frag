#version 460
#extension GL_GOOGLE_include_directive : require

#include "draw.h"

layout(push_constant, scalar) uniform Push {
    UiPush push;
};

layout(location = 0) in vec2 texel;
layout(location = 1) in vec4 tint;
layout(location = 0) out vec4 colour;

// Cover between four texels, as a linear sampler gives it. Each word holds a texel and its neighbours to the
// right, below, and both: one read instead of four.
void main() {
    const vec2 corner = clamp(texel - 0.5, vec2(0), vec2(push.atlasWidth, push.atlasHeight) - 1.0);
    const uvec2 first = uvec2(corner);
    const vec2 part = corner - vec2(first);
    const vec4 covers = unpackUnorm4x8(push.atlas.at[first.y * push.atlasWidth + first.x]);
    colour = tint;
    colour.a *= mix(mix(covers.x, covers.y, part.x), mix(covers.z, covers.w, part.x), part.y);
}
