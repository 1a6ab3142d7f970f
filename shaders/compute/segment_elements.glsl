// How a kernel walks the elements of one segment: a workgroup per segment, or an invocation per segment when
// segments are short.
#ifndef SEGMENT_ELEMENTS_GLSL
#define SEGMENT_ELEMENTS_GLSL

#include "compute/elements.glsl"
#include "compute/grid.glsl"
#include "segments.h"

layout(constant_id = 2) const bool invocationPerSegment = false;
layout(constant_id = 3) const bool isStrided = false;  // segments of several runs

uint segmentIndex(SegmentGeometry g) {
    return g.firstSegment + (invocationPerSegment ? invocationIndex() : workgroupIndex());
}
uint laneIndex() {
    return invocationPerSegment ? 0u : gl_LocalInvocationID.x;
}
uint laneCount() {
    return invocationPerSegment ? 1u : workgroupSize;
}

// Runs of the segment that segmentStart() was last called for.
uint runElements, runStride;

uint bandsPerOuter(SegmentGeometry g) {
    return (g.rowsPerOuter + g.bandRows - 1u) / g.bandRows;
}
uint segmentWidth(SegmentGeometry g, uint segment) {
    return min(g.inner, g.rowElements - segment % g.segmentsPerRow * g.inner);
}

uint segmentLength(SegmentGeometry g, uint segment) {
    if (segment >= g.segments) return 0u;
    if (g.rowElements == 0u) return g.outer * g.inner;
    if (!isStrided) return segmentWidth(g, segment);
    const uint firstRow = segment / g.segmentsPerRow % bandsPerOuter(g) * g.bandRows;
    return min(g.bandRows, g.rowsPerOuter - firstRow) * segmentWidth(g, segment);
}

// Index in the slab of the segment's element 0; isStrided segments go on by segmentOffset.
uint segmentStart(SegmentGeometry g, uint segment) {
    runElements = g.inner;
    runStride = g.segments * g.inner;
    if (g.rowElements == 0u) return segment * g.inner;
    runElements = segmentWidth(g, segment);
    runStride = g.rowElements;
    const uint band = segment / g.segmentsPerRow, column = segment % g.segmentsPerRow * g.inner;
    if (!isStrided) return band * g.rowElements + column;
    const uint bands = bandsPerOuter(g);
    const uint row = band / bands * g.rowsPerOuter + band % bands * g.bandRows;
    return row * g.rowElements + column;
}

uint segmentOffset(uint i) {
    return isStrided ? i / runElements * runStride + i % runElements : i;
}

// Magnitude of a nonzero finite element on one of the sides, else 0.
uint countedMagnitude(uint bits, uint sides) {
    const uint magnitude = bits & 0x7fffffffu;
    const bool counted = magnitude < 0x7f800000u && (sides >> (bits >> 31) & 1u) != 0u;
    return counted ? magnitude : 0u;
}

#endif
