// Segment of an element, counted in row-major order from the first element of g.firstSegment (channels; 0 for
// rows).
#ifndef SEGMENT_OF_GLSL
#define SEGMENT_OF_GLSL

#include "segments.h"

uint segmentOf(SegmentGeometry g, uint element) {
    if (g.rowElements == 0u) return (g.firstSegment + element / g.inner) % g.segments;
    return element / g.rowElements * g.segmentsPerRow + element % g.rowElements / g.inner;
}

#endif
