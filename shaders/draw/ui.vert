#version 460
// Triangles of Dear ImGui: positions, places in the font's atlas, colours.
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    UiPush push;
};

layout(location = 0) out vec2 texel;
layout(location = 1) out vec4 tint;

void main() {
    const uint at = push.firstIndex + gl_VertexIndex;
    const uint index = (push.indices.at[at / 2u] >> (16u * (at & 1u))) & 0xffffu;
    const uint word = 5u * (push.firstVertex + index);
    const vec2 position =
        vec2(uintBitsToFloat(push.vertices.at[word]), uintBitsToFloat(push.vertices.at[word + 1u]));
    texel = vec2(uintBitsToFloat(push.vertices.at[word + 2u]), uintBitsToFloat(push.vertices.at[word + 3u])) *
            vec2(push.atlasWidth, push.atlasHeight);
    tint = unpackUnorm4x8(push.vertices.at[word + 4u]);
    gl_Position = clipSpace((position - push.origin) * push.scale, push.imageSize);
}
