// Structs of the kernels that answer for every segment (channel or group) of a slab at once.
#ifndef CLIPSCOPE_SEGMENTS_H
#define CLIPSCOPE_SEGMENTS_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// Grids that one dispatch of segment_octav answers for.
SHADER_CONST uint maxSegmentGrids = 8;
// Longer segments go the way of whole tensors: a lane adds 16-bit halves of this many elements without
// overflow.
SHADER_CONST uint maxSegmentElements = 1 << 16;

// Which elements of a slab belong to which segment: see quant/segments.h. rowElements is 0 for channels.
struct SegmentGeometry {
    uint firstSegment;  // where this dispatch begins
    uint segments;      // of the slab
    uint outer;
    uint inner;
    uint segmentsPerRow;
    uint rowElements;
    uint rowsPerOuter;
    uint bandRows;
};

// What segment_octav found for one segment and grid: v is the smallest magnitude at or above the root's
// threshold, u the largest below it (or a bound under which none lies up to v).
struct SegmentRoot {
    uint v;
    uint u;
    uint below;      // count of 0 < |x| < v
    uint atOrAbove;  // count of |x| >= v
    uint aboveV;     // count of |x| > v where the root is v itself
    uint sumLow;     // Σ_{|x|>=v} (significand << (shift(x) - shift)) is sumLow + 2^16 sumHigh
    uint sumHigh;
    uint shiftAndState;  // shift in the low 16 bits, state above
};
#ifndef __cplusplus
layout(buffer_reference, scalar, buffer_reference_align = 4) writeonly buffer SegmentRoots {
    SegmentRoot at[];
};
#endif

SHADER_CONST uint segmentSolved = 0;
SHADER_CONST uint segmentAtValue = 1;   // the root is v: h jumps across zero there
SHADER_CONST uint segmentUnsolved = 2;  // too wide a range for the kernel's integers, or no convergence
SHADER_CONST uint segmentEmpty = 3;     // no nonzero finite element

struct SegmentOctavPush {
    ADDRESS_OF(Words) data;
    ADDRESS_OF(SegmentRoots) roots;  // [segment][grid]
    SegmentGeometry geometry;
    uint gridCount;
    uint sides;       // 1 positive, 3 both
    uint firstFloor;  // magnitude bits below which no root is expected: only speed depends on it
    float inverseNoiseFactor[maxSegmentGrids];  // 1/γ
    float startRatio[maxSegmentGrids];  // where to start, in units of the segment's mean magnitude; rising
};

struct SegmentSelectPush {
    ADDRESS_OF(Words) data;
    ADDRESS_OF(Words) ranks;   // by count of finite elements: how many must lie at or below the answer
    ADDRESS_OF(Words) values;  // [segment]: magnitude bits
    SegmentGeometry geometry;
    uint sides;
};

// A number format as the searching kernels take it: element values, or codes where the format is affine.
struct FormatRange {
    float smallest;
    float largest;
    float clipLevel;  // scale = clip / clipLevel
};
#ifndef __cplusplus
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer FormatRanges {
    FormatRange at[];
};
#endif

// Ratios: coarsePoints clips in units of the largest, then fineRounds times finePoints ratios to the best so
// far.
struct SegmentErrorSearchPush {
    ADDRESS_OF(Words) data;
    ADDRESS_OF(Floats) ratios;
    ADDRESS_OF(FormatRanges) formats;
    ADDRESS_OF(Floats) weights;  // of the elements, for metricWeighted
    ADDRESS_OF(Words) clips;     // [segment][grid], float bits, scaled by 2^exponent; affine: high and low
    SegmentGeometry geometry;
    uint gridCount;
    uint coarsePoints;
    uint finePoints;
    uint fineRounds;
    int exponent;
    uint sides;
};

// Block scales: the largest element value that a block's scale must reach, and how many scales to try.
struct SegmentScaleSearchPush {
    ADDRESS_OF(Words) data;
    ADDRESS_OF(Floats) weights;  // of the elements, for metricWeighted
    ADDRESS_OF(Words) scales;    // [segment]: codes
    SegmentGeometry geometry;
    float largest;        // element value
    int largestExponent;  // of the largest element value
    float tensorScale;    // of e4m3 scales, scaled by 2^exponent
    int exponent;
    uint isSearched;  // else the scale that the largest magnitude asks for
};

SHADER_NAMESPACE_END

#endif
