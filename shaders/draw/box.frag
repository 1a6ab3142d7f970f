#version 460
#extension GL_GOOGLE_include_directive : require

layout(location = 0) in vec2 pixel;
layout(location = 1) in flat vec4 rect;
layout(location = 2) in flat uint packedColour;
layout(location = 0) out vec4 colour;

// The part of the pixel that the box covers, exactly.
void main() {
    const vec2 low = max(rect.xy, pixel - 0.5), high = min(rect.zw, pixel + 0.5);
    const vec2 part = clamp(high - low, 0.0, 1.0);
    colour = unpackUnorm4x8(packedColour);
    colour.a *= part.x * part.y;
}
