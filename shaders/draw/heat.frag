#version 460
// Cells in colours. A pixel that holds several shows their mean, of at most 8 x 8 spread over it.
#extension GL_GOOGLE_include_directive : require

#include "draw.h"
#include "draw/axis.glsl"
#include "draw/cover.glsl"

layout(push_constant, scalar) uniform Push {
    HeatPush push;
};

layout(location = 0) in vec2 pixel;
layout(location = 0) out vec4 colour;

// The column of an x, as a real number that runs evenly through each column.
float columnAt(float x) {
    if (push.hasEdges == 0u) return x;
    uint low = 0u, high = push.columns;
    if (!(x >= push.edges.at[0]) || x > push.edges.at[high]) return -1.0;
    while (high - low > 1u) {
        const uint middle = (low + high) / 2u;
        if (push.edges.at[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    const float left = push.edges.at[low], right = push.edges.at[low + 1u];
    return float(low) + clamp((x - left) / max(right - left, 1e-38), 0.0, 0.9999);
}

uint indexOf(uvec2 cell) {
    const uvec2 tileSize = uvec2(push.tileColumns, push.tileRows);
    const uvec2 tile = cell / tileSize, inTile = cell % tileSize;
    const uint index = tile.y * (push.columns / tileSize.x) + tile.x;
    return (index * tileSize.y + inTile.y) * tileSize.x + inTile.x;
}

const uint mostSamples = 8u;

void main() {
    const vec2 left = pixel - 0.5, right = pixel + 0.5;
    const float firstColumn = columnAt(valueAt(push.xMap, pixel.x));
    const float firstRow = valueAt(push.yMap, pixel.y);
    if (!(firstColumn >= 0.0) || firstColumn >= float(push.columns) || !(firstRow >= 0.0) ||
        firstRow >= float(push.rows))
        discard;
    const vec2 low = vec2(columnAt(valueAt(push.xMap, left.x)), valueAt(push.yMap, right.y));
    const vec2 high = vec2(columnAt(valueAt(push.xMap, right.x)), valueAt(push.yMap, left.y));
    const vec2 begin = vec2(low.x < 0.0 ? firstColumn : low.x, low.y);
    const vec2 end = vec2(high.x < 0.0 ? firstColumn : high.x, high.y);
    const uvec2 samples = uvec2(clamp(ceil(abs(end - begin)), vec2(1), vec2(mostSamples)));
    float sum = 0.0, count = 0.0;
    for (uint r = 0u; r < samples.y; ++r) {
        for (uint c = 0u; c < samples.x; ++c) {
            const vec2 place = mix(begin, end, (vec2(c, r) + 0.5) / vec2(samples));
            const uvec2 cell = uvec2(clamp(samples == uvec2(1) ? vec2(firstColumn, firstRow) : place, vec2(0),
                                           vec2(push.columns, push.rows) - 1.0));
            const uint index = indexOf(cell);
            if (index >= push.end) continue;
            const float value = push.cells.at[index];
            if (push.notFinite != 0u && (floatBitsToUint(value) & 0x7fffffffu) >= 0x7f800000u) {
                colour = unpackUnorm4x8(push.notFinite);
                return;
            }
            const float shown = push.isLog != 0u ? (value > 0.0 ? log2(value) : push.low) : value;
            if (isNan(shown)) continue;
            sum += shown;
            count += 1.0;
        }
    }
    if (count == 0.0) discard;
    const float place = clamp((sum / count - push.low) / max(push.high - push.low, 1e-30), 0.0, 1.0);
    colour = unpackUnorm4x8(push.ramp.at[uint(place * 255.0 + 0.5)]);
}
