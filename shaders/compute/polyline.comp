#version 460
// The points of a curve in pixels, for the shaders of draw/line, with the length of the line up to each. Run
// by one workgroup. A curve of more points than columns can show becomes, in each column, its first, least,
// largest and last point in that order, which draws the same pixels. Source of the four: Jugel, Jerzak,
// Hackenbroich, Markl, "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "draw.h"
#include "draw/axis.glsl"

layout(push_constant, scalar) uniform Push {
    PolylinePush push;
};

shared float runLengths[workgroupSize];

vec2 gap() {
    return vec2(uintBitsToFloat(0x7fc00000u));
}

vec2 pointAt(uint i) {
    const float y = push.y.at[i];
    if (isNan(y)) return gap();
    return vec2(pixelOf(push.xMap, push.x.at[i]),
                clamp(pixelOf(push.yMap, y), -push.farthest, push.farthest));
}

// The first point at or right of a pixel.
uint lowerBound(float pixel) {
    uint low = 0u, high = push.count;
    while (low < high) {
        const uint middle = (low + high) / 2u;
        if (pixelOf(push.xMap, push.x.at[middle]) < pixel)
            low = middle + 1u;
        else
            high = middle;
    }
    return low;
}

void write(uint i, vec2 point) {
    push.points.at[3u * i] = point.x;
    push.points.at[3u * i + 1u] = point.y;
}

// Where the line crosses the column's left edge, of a column without points of its own.
vec2 crossing(float left, uint next) {
    if (next == 0u || next == push.count) return gap();
    const vec2 before = pointAt(next - 1u), after = pointAt(next);
    if (isNan(before.y) || isNan(after.y)) return gap();
    return vec2(left, mix(before.y, after.y, (left - before.x) / max(after.x - before.x, 1e-6)));
}

void writeColumn(uint column) {
    const float left = push.xMap.start + float(column);
    const uint begin = lowerBound(left), end = lowerBound(left + 1.0);
    vec2 four[polylineColumnPoints];
    if (begin == end) {
        for (uint i = 0u; i < polylineColumnPoints; ++i) four[i] = crossing(left, begin);
    } else {
        vec2 least = gap(), largest = gap();
        for (uint i = begin; i < end; ++i) {
            const vec2 point = pointAt(i);
            if (isNan(point.y)) continue;
            if (isNan(least.y) || point.y < least.y) least = point;
            if (isNan(largest.y) || point.y > largest.y) largest = point;
        }
        four[0] = pointAt(begin);
        four[1] = least.x <= largest.x ? least : largest;
        four[2] = least.x <= largest.x ? largest : least;
        four[3] = pointAt(end - 1u);
    }
    for (uint i = 0u; i < polylineColumnPoints; ++i) write(polylineColumnPoints * column + i, four[i]);
}

vec2 written(uint i) {
    return vec2(push.points.at[3u * i], push.points.at[3u * i + 1u]);
}

float lengthInto(uint i) {
    if (i == 0u) return 0.0;
    const float step = distance(written(i - 1u), written(i));
    return isNan(step) ? 0.0 : step;
}

void main() {
    const uint lane = gl_LocalInvocationID.x;
    const bool isReduced = push.columns > 0u;
    const uint work = isReduced ? push.columns : push.count;
    for (uint i = lane; i < work; i += workgroupSize) {
        if (isReduced)
            writeColumn(i);
        else
            write(i, pointAt(i));
    }
    memoryBarrierBuffer();
    barrier();
    const uint points = isReduced ? polylineColumnPoints * push.columns : push.count;
    const uint run = (points + workgroupSize - 1u) / workgroupSize;
    const uint begin = min(lane * run, points), end = min(begin + run, points);
    float total = 0.0;
    for (uint i = begin; i < end; ++i) total += lengthInto(i);
    runLengths[lane] = total;
    barrier();
    float before = 0.0;
    for (uint i = 0u; i < lane; ++i) before += runLengths[i];
    for (uint i = begin; i < end; ++i) {
        before += lengthInto(i);
        push.points.at[3u * i + 2u] = before;
    }
}
