// Segment of an element, counted in row-major order from the first element of g.firstSegment (channels; 0 for
// rows).
#ifndef SEGMENT_OF_GLSL
#define SEGMENT_OF_GLSL

#include "segments.h"

layout(constant_id = 18) const bool hasBands = false;  // of several rows

uint segmentOf(SegmentGeometry g, uint element) {
    if (g.rowElements == 0u) return (g.firstSegment + element / g.inner) % g.segments;
    const uint row = element / g.rowElements;
    uint band = row;
    if (hasBands) {
        const uint bandsPerOuter = (g.rowsPerOuter + g.bandRows - 1u) / g.bandRows;
        band = row / g.rowsPerOuter * bandsPerOuter + row % g.rowsPerOuter / g.bandRows;
    }
    return band * g.segmentsPerRow + element % g.rowElements / g.inner;
}

#endif
