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

// A clip in units of 2^-exponent, in which the kernel scales its segment; exponent 0 and no clip where there
// is nothing to clip.
struct SegmentClip {
    float high;
    float low;  // affine: the magnitude of the lower end
    int exponent;
};
#ifndef __cplusplus
layout(buffer_reference, scalar, buffer_reference_align = 4) writeonly buffer SegmentClips {
    SegmentClip at[];
};
#endif

// Local minima of the error that segment_error_search follows.
SHADER_CONST uint maxSearchStarts = 4;

// Clips to try: the largest times each ratio, falling; then, fineRounds times, finePoints more between the
// neighbours of the best ones. Affine: for either end, the finer ones by ratios to the best so far.
struct SegmentErrorSearchPush {
    ADDRESS_OF(Words) data;
    ADDRESS_OF(Floats) ratios;
    ADDRESS_OF(FormatRanges) formats;
    ADDRESS_OF(Floats) weights;      // of the elements, for metricWeighted
    ADDRESS_OF(SegmentClips) clips;  // [segment][grid]
    SegmentGeometry geometry;
    uint gridCount;  // at least 1, as coarsePoints and, of affine formats, fineRounds
    uint coarsePoints;
    uint finePoints;
    uint fineRounds;
    uint sides;
};

// Two clips of every segment to choose from.
struct SegmentChoicePush {
    ADDRESS_OF(Words) data;
    ADDRESS_OF(Floats) weights;  // of the elements, for metricWeighted
    ADDRESS_OF(Words2) clips;    // [segment]: float bits
    ADDRESS_OF(Words) chosen;    // [segment]: 0 or 1
    SegmentGeometry geometry;
    FormatRange format;
};

// Block scales: the largest element value that a block's scale must reach, and how many scales to try.
struct SegmentScaleSearchPush {
    ADDRESS_OF(Words) data;
    ADDRESS_OF(Floats) weights;  // of the elements, for metricWeighted
    ADDRESS_OF(Words) scales;    // [segment]: codes; noScale for a block without nonzero elements
    SegmentGeometry geometry;
    float largest;        // element value
    int largestExponent;  // of the largest element value
    float tensorScale;    // of e4m3 scales, times 2^-tensorExponent: 1 up to 2
    int tensorExponent;
    uint isSearched;  // else the scale that the largest magnitude asks for
};
SHADER_CONST uint noScale = 0xffffffffu;

SHADER_NAMESPACE_END

#endif
