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

// A number format at one clip, its step in units of the tensor's power-of-two scale. inverseStep 0 stands for
// the grid that maps everything to 0: its error is the energy Σx².
struct GridCandidate {
    float step;
    float inverseStep;
    float qmin;  // least and largest element value; affine: codes less the zero point
    float qmax;
    uint clipBits;  // largest magnitude kept above zero and below zero, unscaled
    uint lowBits;
};

// How element values are spaced: specialization constant 13. Constant 14 is the number of mantissa bits
// and 15 the exponent of the smallest normal number of spacingFloat.
SHADER_CONST uint spacingUniform = 0;
SHADER_CONST uint spacingFloat = 1;
SHADER_CONST uint spacingBinary = 2;
SHADER_CONST uint spacingBits = 3;  // the float's own exponents, with fewer mantissa bits: tf32, bf16
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
