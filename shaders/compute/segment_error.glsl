// The error that a grid makes on one segment, for the kernels that search for the best of several.
#ifndef SEGMENT_ERROR_GLSL
#define SEGMENT_ERROR_GLSL

#include "compute/metric.glsl"
#include "compute/segment_reduce.glsl"

const float largestFloat = 3.4028235e38, smallestNormal = 1.17549435e-38;

// The segment that an invocation works on.
struct SegmentElements {
    Words data;
    Floats weights;
    SegmentGeometry geometry;
    uint count;
    uint start;
    int exponent;
};

float elementAt(SegmentElements segment, uint i) {
    const uint offset = segment.start + segmentOffset(i);
    return scaledElement(loadElement(segment.data, offset), segment.exponent);
}

// Largest magnitude of one sign's elements (sides as in SegmentSelectPush).
float largestMagnitude(SegmentElements segment, uint sides) {
    uint top = 0u;
    for (uint i = laneIndex(); i < segment.count; i += laneCount()) {
        const uint bits = floatBitsToUint(elementAt(segment, i));
        if ((sides >> (bits >> 31) & 1u) != 0u) top = max(top, bits & 0x7fffffffu);
    }
    return uintBitsToFloat(reduceMax(top));
}

// What the metric makes least; clip in scaled units, for the modelled error alone.
float errorOf(SegmentElements segment, GridCandidate grid, float clip) {
    float sum = 0.0, second = 0.0;
    for (uint i = laneIndex(); i < segment.count; i += laneCount()) {
        const uint bits = loadElement(segment.data, segment.start + segmentOffset(i));
        const float weight =
            metric == metricWeighted ? segment.weights.at[segment.start + segmentOffset(i)] : 1.0;
        const float x = scaledElement(bits, segment.exponent);
        precise const vec2 next = vec2(sum, second) + metricTerms(bits, x, weight, clip, grid);
        sum = next.x;
        second = next.y;
    }
    if (metric != metricCosine) return objective(vec2(reduceAddFloat(sum), 0.0));
    return objective(vec2(reduceAddFloat(sum), reduceAddFloat(second)));
}

// A grid with that step; with next to none, the one that maps everything to zero.
GridCandidate gridOf(float size, float qmin, float qmax) {
    const bool isUsable = size > smallestNormal;
    return GridCandidate(isUsable ? size : 0.0, isUsable ? 1.0 / size : 0.0, qmin, qmax, 0u, 0u);
}

#endif
