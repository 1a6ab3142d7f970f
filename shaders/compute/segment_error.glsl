// The error that a grid makes on one segment, for the kernels that search for the best of several. Every
// segment is scaled by a power of two of its own: squares stay normal floats, however far it lies below the
// rest of the tensor.
#ifndef SEGMENT_ERROR_GLSL
#define SEGMENT_ERROR_GLSL

#include "compute/metric.glsl"
#include "compute/segment_reduce.glsl"

const float largestFloat = 3.4028235e38, smallestNormal = 1.17549435e-38;
const int tinyExponent = -60;  // as smallestFloatScaled in quant/error_pass.cpp

// The segment that an invocation works on.
struct SegmentElements {
    Words data;
    Floats weights;
    uint count;
    uint start;
    int exponent;  // elements times 2^exponent have their largest magnitude in [2, 4)
    bool isTiny;   // floats that small must be scaled as integers
    float above;   // largest magnitudes of either sign, scaled
    float below;
};

int exponentOf(uint magnitude) {
    return magnitude < 0x00800000u ? findMSB(magnitude) - 149 : int(magnitude >> 23) - 127;
}

SegmentElements segmentElements(Words data, Floats weights, SegmentGeometry geometry, uint segment) {
    SegmentElements elements;
    elements.data = data;
    elements.weights = weights;
    elements.count = segmentLength(geometry, segment);
    elements.start = segmentStart(geometry, segment);
    uint above = 0u, below = 0u;
    for (uint i = laneIndex(); i < elements.count; i += laneCount()) {
        const uint bits = loadElement(data, elements.start + segmentOffset(i));
        above = max(above, countedMagnitude(bits, 1u));
        below = max(below, countedMagnitude(bits, 2u));
    }
    above = reduceMax(above);
    below = reduceMax(below);
    const uint largest = max(above, below);
    const int exponent = exponentOf(max(largest, 1u));
    elements.isTiny = exponent < tinyExponent;
    elements.exponent = largest > 0u ? 1 - exponent : 0;
    elements.above = exactlyScaled(above, elements.exponent);
    elements.below = exactlyScaled(below, elements.exponent);
    return elements;
}

float scaledIn(SegmentElements elements, uint bits) {
    if (elements.isTiny) return exactlyScaled(bits, elements.exponent);
    return uintBitsToFloat(bits) * powerOfTwo(elements.exponent);
}

// Largest magnitude on the sides (as in SegmentSelectPush).
float largestMagnitude(SegmentElements elements, uint sides) {
    return max((sides & 1u) != 0u ? elements.above : 0.0, (sides & 2u) != 0u ? elements.below : 0.0);
}

// What the metric makes least; clip in scaled units, for the modelled error alone.
float errorOf(SegmentElements elements, GridCandidate grid, float clip) {
    float sum = 0.0, second = 0.0;
    for (uint i = laneIndex(); i < elements.count; i += laneCount()) {
        const uint index = elements.start + segmentOffset(i);
        const uint bits = loadElement(elements.data, index);
        const float weight = metric == metricWeighted ? elements.weights.at[index] : 1.0;
        const float x = scaledIn(elements, bits);
        precise const vec2 next = vec2(sum, second) + metricTerms(bits, x, weight, clip, grid);
        sum = next.x;
        second = next.y;
    }
    if (metric != metricCosine) return objective(vec2(reduceAddFloat(sum), 0.0));
    return objective(vec2(reduceAddFloat(sum), reduceAddFloat(second)));
}

// A grid with that step; with next to none, or one beyond all elements, the one that maps everything to zero.
GridCandidate gridOf(float size, float qmin, float qmax) {
    const bool isUsable = size > smallestNormal && size < largestFloat;
    return GridCandidate(isUsable ? size : 0.0, isUsable ? 1.0 / size : 0.0, qmin, qmax, 0u, 0u);
}

#endif
