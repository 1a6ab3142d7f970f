// Structs of the kernels that measure quantization error.
#ifndef CLIPSCOPE_ERROR_H
#define CLIPSCOPE_ERROR_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// Error sums are float sums of a fixed shape, the same on every device: a team of 8 invocations owns a block of 8192
// consecutive elements of the tensor, invocation i takes the quads i, i + 8, ... and sums each quad's squares, then
// 16 quads, then the 16 partial sums; the team's 8 sums are added in a tree. The host adds blocks in order.
SHADER_CONST uint teamSize = 8;
SHADER_CONST uint blockElements = 8192;
SHADER_CONST uint candidatesPerTeam = 8;

// A uniform grid at one clip, in units of the tensor's power-of-two scale. inverseStep 0 stands for the grid that
// maps everything to 0: its error is the energy Σx².
struct GridCandidate {
    float step;
    float inverseStep;
    float qmin;
    float qmax;
    float clip;
};
#ifndef __cplusplus
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Candidates {
    GridCandidate at[];
};
#endif

struct ErrorPush {
    ADDRESS_OF(Words4) data;            // 16-byte aligned
    ADDRESS_OF(Candidates) candidates;  // GridCandidate each
    ADDRESS_OF(Words2) partials;        // [block][candidate]: sum of squared errors as float bits, count of clipped
    uint elements;
    uint candidateCount;
    int exponent;      // elements are scaled by 2^exponent before they are quantized
    uint firstBlock;  // where this chunk's blocks go in partials
};

// The same with a grid for every segment of a channel or group layout.
struct SegmentErrorPush {
    ADDRESS_OF(Words4) data;
    ADDRESS_OF(Candidates) candidates;  // [candidate][segment]
    ADDRESS_OF(Words2) partials;
    uint elements;
    uint candidateCount;
    int exponent;
    uint firstBlock;
    uint firstElement;      // of this chunk in the slab that the layout describes
    uint segments;
    uint innerElements;   // the segment of element i is (i / innerElements) % segments when rowElements is 0,
    uint rowElements;     // else i / rowElements * segmentsPerRow + i % rowElements / innerElements
    uint segmentsPerRow;
};

SHADER_NAMESPACE_END

#endif
