// Structs of the kernels that multiply matrices: C = alpha * A * B + beta * C + bias with A [m][k], B [k][n],
// C [m][n] and a bias for each row or column.
#ifndef CLIPSCOPE_GEMM_H
#define CLIPSCOPE_GEMM_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// Further element types of matrices; elementF32, elementF16 and elementBF16 come first. Those of fewer than 8
// bits lie end to end, lowest bits first, as quant/code_storage packs codes.
SHADER_CONST uint elementS8 = 3;
SHADER_CONST uint elementU8 = 4;
SHADER_CONST uint elementS4 = 5;
SHADER_CONST uint elementS2 = 6;
SHADER_CONST uint elementSign = 7;  // one bit: 0 for -1, 1 for +1
SHADER_CONST uint elementTF32 = 8;  // float32 words, read as rounded to 10 bits of mantissa

// What gemm_pack writes: its specialization constant 2.
SHADER_CONST uint panelFloats = 0;  // a float for each element, exact for every type
SHADER_CONST uint panelDepth4 = 1;  // 8-bit elements, four neighbours along k to a word: for gemm_dot
SHADER_CONST uint panelBits = 2;    // the elements' own bits, neighbours along the outer dimension to a word

#ifdef __cplusplus
using AddressBits = uint64_t;
#else
    #define AddressBits uvec2
#endif

// What becomes of a sum: specialization constant 9 of the kernels that store C.
SHADER_CONST uint finishPlain = 0;       // alpha * sum + beta * C + bias, in float32 or int32
SHADER_CONST uint finishRequantize = 1;  // 8-bit integers, by float multipliers: GemmFinish
SHADER_CONST uint finishFixed = 2;       // 8-bit integers, by integer multipliers and shifts
SHADER_CONST uint finishDequantize = 3;  // float32, by float multipliers

SHADER_CONST uint flagRelu = 1;         // plain results below 0 become 0
SHADER_CONST uint flagRowChannels = 2;  // a channel is a row of C, else a column

// Addresses are no references: drivers copy no struct that has one.
struct GemmEpilogue {
    AddressBits bias;     // of floats or int32, one for each channel; 0 for none
    AddressBits finish;   // of a GemmFinish; 0 where it is plain
    float alpha;          // an integer of integers
    float beta;           // 0: what C holds is not read; of integers 0 or 1
    uint flags;           // of the two above
    uint firstBatch;      // of the dispatch
    uint channels;        // rows or columns of C
    uint channelBatches;  // batch b has the channels from (b % channelBatches) * channels on
};

// Quantized products: sum_k (a - zeroA) * (b - zeroB) + bias, modulo 2^32, then by the channel's multiplier
// to C. Arrays are of one element, or of one for each channel.
struct GemmFinish {
    AddressBits addend;       // int32 [batch][m][n] of earlier parts of k; 0 for none
    AddressBits rowSums;      // int32 [matrix of A][m]; 0 where every zeroB is 0
    AddressBits columnSums;   // int32 [matrix of B][n]; 0 where every zeroA is 0
    AddressBits zeroPointsA;  // int32
    AddressBits zeroPointsB;
    AddressBits multipliers;  // floats, or int32 of finishFixed
    AddressBits shifts;       // int32, 1 to 62, of finishFixed
    uint hasChannelsA;        // of zeroPointsA; else one for all
    uint hasChannelsB;
    uint hasChannelMultipliers;  // and shifts
    uint m;
    uint n;
    uint k;
    uint matricesA;  // batch b has the matrices b % matricesA and b % matricesB
    uint matricesB;
    int zeroPointC;
    int low;  // what C may hold, zero point included
    int high;
    float lowest;  // of finishDequantize
};

// For gemm_reference and gemm_shared. Element (i, k) of A is a[i * aRow + k * aColumn]: a
// transposed matrix is one with the strides exchanged. Strides are in elements. Every matrix holds fewer than
// 2^32 elements and ends on a whole word.
struct GemmPush {
    ADDRESS_OF(Words) a;
    ADDRESS_OF(Words) b;
    ADDRESS_OF(Words) c;
    GemmEpilogue epilogue;
    uint m;
    uint n;
    uint k;
    uint aRow;
    uint aColumn;
    uint bRow;
    uint bColumn;
    uint cRow;
    uint firstRow;  // of C in this dispatch, which covers `rows` of them
    uint rows;
    uint aFirst;  // the element (0, 0)
    uint bFirst;
};

// A matrix that lies in memory as images [channels][height][width]: its columns are the places of a
// convolution's kernel on the image, (y, x), its rows what the kernel sees there, (channel, y, x).
struct GemmWindow {
    uint height;
    uint width;
    uint kernelHeight;
    uint kernelWidth;
    uint outWidth;
    uint strideY;
    uint strideX;
    uint dilationY;
    uint dilationX;
    uint padTop;
    uint padLeft;
    uint padding;  // what lies beyond the image, as elementBits gives an element
};

// For gemm_pack. A panel holds `width` neighbours along the outer dimension (rows of A, columns of B) and
// panelDepth of k, depth-major: [panel][panelDepth][width], zeros beyond the matrix.
struct GemmPackPush {
    ADDRESS_OF(Words) matrix;
    ADDRESS_OF(Words) panels;
    uint outer;          // elements along the outer dimension
    uint depth;          // elements along k
    uint outerStride;    // in elements: 1 for A transposed and B as it is
    uint depthStride;    // in elements: 1 for A as it is and B transposed
    uint firstDepth;     // the first k of these panels: long products are packed in chunks
    uint width;          // outer elements of a panel
    uint panelDepth;     // k of these panels, a multiple of what the multiplying kernel unrolls
    uint columns;        // words along the outer dimension of all panels of one matrix
    uint first;          // the element (0, 0) of the first matrix
    uint matrices;       // how many are packed, one after the other
    uint matrixStride;   // from one to the next, in elements
    float inverseScale;  // of floats that become integers: round(x * inverseScale) + zeroPoint
    int zeroPoint;
    uint firstOuter;  // of the panels: large matrices are packed in chunks
    GemmWindow window;
};

// For gemm_tiled, gemm_dot and gemm_coopmat.
struct GemmPanelsPush {
    ADDRESS_OF(Words) a;  // [panel of A][depth][rows per panel]
    ADDRESS_OF(Words) b;  // [panel of B][depth][columns per panel]
    ADDRESS_OF(Words) c;
    GemmEpilogue epilogue;
    uint m;
    uint n;
    uint depth;        // of the panels; in gemm_dot in words of four k
    uint cRow;         // stride of C in elements
    uint firstPanelA;  // of those packed: dispatches may cover C in pieces
    uint bandPanels;   // panels of A that share the cached panels of B: see panelsOfWorkgroup
    uint panelsA;      // panels of A in this dispatch
    uint panelsB;
    uint allPanelsA;  // packed, of one matrix
    uint batches;     // in this dispatch, from epilogue.firstBatch on; or slices of k
    uint matricesA;   // packed ones: batch b multiplies b % matricesA and b % matricesB
    uint matricesB;
    uint cBatch;        // from C of one batch, or slice, to the next, in elements
    uint sliceDepth;    // 0: no slices; else their depth, of which the last one may have less
    uint firstPackedA;  // the first panel of a matrix that is packed
    uint firstPackedB;
};

// For gemm_skinny: C of any strides, and one for each slice of k. The sums are stored as they are.
struct GemmSkinnyPush {
    ADDRESS_OF(Words) a;
    ADDRESS_OF(Words) b;
    ADDRESS_OF(Words) slices;  // [slice][m][n] by the strides below
    uint m;
    uint n;
    uint k;
    uint aRow;
    uint aColumn;
    uint bRow;
    uint bColumn;
    uint cRow;
    uint cColumn;
    uint groups;      // workgroups along n
    uint sliceDepth;  // k of one slice
    uint sliceCount;
    uint sliceStride;  // from one slice's C to the next, in elements
    uint aFirst;       // the element (0, 0)
    uint bFirst;
};

// For gemm_sum: slices [slice][m][n] without gaps, of one batch.
struct GemmSumPush {
    ADDRESS_OF(Words) slices;
    ADDRESS_OF(Words) c;
    GemmEpilogue epilogue;
    uint elements;  // m * n
    uint n;
    uint sliceCount;
    uint cRow;  // stride of C's rows, in elements
};

// For gemm_line_sums: sums [matrix][line] of int32. A line is a row of A or a column of B.
struct GemmLineSumsPush {
    ADDRESS_OF(Words) matrix;
    ADDRESS_OF(Words) sums;
    uint lines;  // of one matrix
    uint depth;  // elements along k
    uint outerStride;
    uint depthStride;
    uint first;
    uint matrices;
    uint matrixStride;
    float inverseScale;  // as in gemm_pack
    int zeroPoint;
    GemmWindow window;
};

SHADER_NAMESPACE_END

#endif
