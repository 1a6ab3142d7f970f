#version 460
// A bar per bin, widened to whole columns of pixels: thin ones overlap, and the tallest of a column is seen.
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/axis.glsl"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    BarPush push;
};

layout(location = 0) out float row;
layout(location = 1) out flat float top;

float countAt(Words counts, uint bin) {
    return float(counts.at[2u * bin]) + 4294967296.0 * float(counts.at[2u * bin + 1u]);
}

void main() {
    const uint bin = gl_InstanceIndex;
    float count = countAt(push.counts, bin);
    if (push.hasOther != 0u) count += countAt(push.other, bin);
    const float left = floor(pixelOf(push.xMap, push.edges.at[bin]) + 0.5);
    const float right = max(floor(pixelOf(push.xMap, push.edges.at[bin + 1u]) + 0.5), left + 1.0);
    top = max(pixelOf(push.yMap, count), -10.0);
    const vec2 corner = cornerOf(gl_VertexIndex);
    const vec2 pixel = vec2(mix(left, right, corner.x), mix(push.bottom, floor(top) - 1.0, corner.y));
    row = pixel.y;
    // Of an empty bin or one below the plot there is nothing to see.
    gl_Position = count > 0.0 && top < push.bottom ? clipSpace(pixel, push.imageSize) : vec4(2, 2, 0, 1);
}
