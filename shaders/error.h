// Structs of the kernels that measure quantization error.
#ifndef CLIPSCOPE_ERROR_H
#define CLIPSCOPE_ERROR_H

#include "segments.h"
#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// Error sums are float sums of a fixed shape, the same on every device: a team of 8 invocations owns a block
// of 8192 consecutive elements of the tensor, invocation i takes the quads i, i + 8, ... and sums each quad's
// squares, then 16 quads, then the 16 partial sums; the team's 8 sums are added in a tree. The host adds
// blocks in order.
SHADER_CONST uint teamSize = 8;
SHADER_CONST uint blockElements = 8192;
SHADER_CONST uint candidatesPerTeam = 8;

// A uniform grid at one clip, its steps in units of the tensor's power-of-two scale. inverseStep 0 stands for
// the grid that maps everything to 0: its error is the energy Σx².
struct GridCandidate {
    float step;
    float inverseStep;
    float qmin;
    float qmax;
    uint clipBits;  // of the clip itself, unscaled
};
#ifndef __cplusplus
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Candidates {
    GridCandidate at[];
};
#endif

struct ErrorPush {
    ADDRESS_OF(Words4) data;            // 16-byte aligned
    ADDRESS_OF(Candidates) candidates;  // [candidate], or [candidate][segment] where each segment has its own
    ADDRESS_OF(Words2) partials;  // [block][candidate]: sum of squared errors as float bits, count of clipped
    uint elements;
    uint candidateCount;
    int exponent;       // elements are scaled by 2^exponent before they are quantized
    uint firstBlock;    // where these blocks go in partials
    uint firstElement;  // of these elements in the slab that the geometry describes
    SegmentGeometry geometry;
};

SHADER_NAMESPACE_END

#endif
