// How a kernel walks the elements of one segment: a workgroup per segment, or an invocation per segment when
// segments are short.
#ifndef SEGMENT_ELEMENTS_GLSL
#define SEGMENT_ELEMENTS_GLSL

#include "compute/elements.glsl"
#include "compute/grid.glsl"
#include "segments.h"

layout(constant_id = 2) const bool invocationPerSegment = false;
layout(constant_id = 3) const bool isStrided = false;  // outer > 1

uint segmentIndex(SegmentGeometry g) {
    return g.firstSegment + (invocationPerSegment ? invocationIndex() : workgroupIndex());
}
uint laneIndex() {
    return invocationPerSegment ? 0u : gl_LocalInvocationID.x;
}
uint laneCount() {
    return invocationPerSegment ? 1u : workgroupSize;
}

uint segmentLength(SegmentGeometry g, uint segment) {
    if (segment >= g.segments) return 0u;
    if (g.rowElements == 0u) return g.outer * g.inner;
    return min(g.inner, g.rowElements - segment % g.segmentsPerRow * g.inner);
}

// Index in the slab of the segment's element 0; isStrided segments go on by segmentOffset.
uint segmentStart(SegmentGeometry g, uint segment) {
    if (g.rowElements == 0u) return segment * g.inner;
    return segment / g.segmentsPerRow * g.rowElements + segment % g.segmentsPerRow * g.inner;
}

uint segmentOffset(SegmentGeometry g, uint i) {
    return isStrided ? i / g.inner * (g.segments * g.inner) + i % g.inner : i;
}

// Magnitude of a nonzero finite element on one of the sides, else 0.
uint countedMagnitude(uint bits, uint sides) {
    const uint magnitude = bits & 0x7fffffffu;
    const bool counted = magnitude < 0x7f800000u && (sides >> (bits >> 31) & 1u) != 0u;
    return counted ? magnitude : 0u;
}

#endif
