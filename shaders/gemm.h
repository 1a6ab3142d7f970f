// Structs of the kernels that multiply matrices: C = alpha * A * B + beta * C + bias with A [m][k], B [k][n],
// C [m][n], bias [n].
#ifndef CLIPSCOPE_GEMM_H
#define CLIPSCOPE_GEMM_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// Further element types of matrices; elementF32, elementF16 and elementBF16 come first.
SHADER_CONST uint elementS8 = 3;
SHADER_CONST uint elementU8 = 4;

// What gemm_pack writes: its specialization constant 2.
SHADER_CONST uint panelFloats = 0;  // a float for each element, exact for every type
SHADER_CONST uint panelDepth4 = 1;  // 8-bit elements, four neighbours along k to a word: for gemm_dot
SHADER_CONST uint panelBits = 2;    // the elements' own bits, neighbours along the outer dimension to a word

#ifdef __cplusplus
using AddressBits = uint64_t;
#else
    #define AddressBits uvec2
#endif

// What becomes of a sum before it is stored.
struct GemmEpilogue {
    AddressBits
        bias;     // of [n] floats or int32; 0 for none. Not a reference: drivers copy no struct that has one
    float alpha;  // 1 of integers
    float beta;   // 0: what C holds is not read; of integers 0 or 1
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
};

// For gemm_pack. A panel holds `width` neighbours along the outer dimension (rows of A, columns of B) and
// panelDepth of k, depth-major: [panel][panelDepth][width], zeros beyond the matrix.
struct GemmPackPush {
    ADDRESS_OF(Words) matrix;
    ADDRESS_OF(Words) panels;
    uint outer;        // elements along the outer dimension
    uint depth;        // elements along k
    uint outerStride;  // in elements: 1 for A transposed and B as it is
    uint depthStride;  // in elements: 1 for A as it is and B transposed
    uint firstDepth;   // the first k of these panels: long products are packed in chunks
    uint width;        // outer elements of a panel
    uint panelDepth;   // k of these panels, a multiple of what the multiplying kernel unrolls
    uint columns;      // words along the outer dimension of all panels
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
    uint firstPanelA;  // dispatches may cover C in pieces
    uint bandPanels;   // panels of A that share the cached panels of B: see panelsOfWorkgroup
    uint panelsA;      // panels of A in this dispatch
    uint panelsB;
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
};

// For gemm_sum: slices [slice][m][n] without gaps.
struct GemmSumPush {
    ADDRESS_OF(Words) slices;
    ADDRESS_OF(Words) c;
    GemmEpilogue epilogue;
    uint elements;  // m * n
    uint n;
    uint sliceCount;
    uint cRow;  // stride of C's rows, in elements
};

SHADER_NAMESPACE_END

#endif
