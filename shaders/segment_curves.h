// Structs of the kernel that measures every segment at every clip of a list.
#ifndef CLIPSCOPE_SEGMENT_CURVES_H
#define CLIPSCOPE_SEGMENT_CURVES_H

#include "error.h"
#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// One invocation measures a part of one segment, of partElements elements, on candidatesPerTeam candidates.
// It adds 64 squared errors, then those sums.
SHADER_CONST uint partElements = 2048;
SHADER_CONST uint partStepElements = 64;

// Segment s of a piece of a chunk owns the elements k * period + s * run + i - skipped of the chunk for every
// k and 0 <= i < run, as far as they lie in the piece: [firstElement, elements).
struct SegmentSweepPush {
    ADDRESS_OF(Words) data;
    ADDRESS_OF(Candidates) candidates;  // [clip]
    ADDRESS_OF(Words2)
    partials;  // [part][segment][clip]: sum of squared errors as float bits, finite elements
    uint candidateCount;
    uint firstElement;
    uint elements;
    int exponent;  // elements are scaled by 2^exponent before they are quantized
    uint firstSegment;
    uint segments;  // of this dispatch
    uint parts;     // of each segment
    uint run;
    uint period;
    uint periods;  // that the piece touches
    int skipped;
};

SHADER_NAMESPACE_END

#endif
