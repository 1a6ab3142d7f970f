// Segment of an element, counted in row-major order.
#ifndef SEGMENT_OF_GLSL
#define SEGMENT_OF_GLSL

#include "segments.h"

uint segmentOf(SegmentGeometry g, uint element) {
    if (g.rowElements == 0u) return element / g.inner % g.segments;
    return element / g.rowElements * g.segmentsPerRow + element % g.rowElements / g.inner;
}

#endif
