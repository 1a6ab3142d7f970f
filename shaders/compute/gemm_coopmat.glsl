// C = alpha * A * B + beta * C + bias by cooperative matrices (VK_KHR_cooperative_matrix), from panels of the
// elements' own bits (gemm_pack, panelBits): [panel][k][outer], so that A's fragments are column-major and
// B's row-major, every fragment lies inside a panel, and rows are as far apart as a panel is wide (a multiple
// of 16 bytes, as drivers want).
//
// The file that includes this one defines Element and Sum, the types of A and B and of C, elementBytes, and
// the function storeSum. Shapes are specialization constants: take one that the device lists. A subgroup
// computes fragmentRows x fragmentColumns fragments of C.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_EXT_shader_16bit_storage : require

#include "compute/gemm_epilogue.glsl"
#include "compute/grid.glsl"  // a workgroup is one subgroup

layout(constant_id = 2) const uint fragmentRows = 2;
layout(constant_id = 3) const uint fragmentColumns = 2;
layout(constant_id = 4) const uint unroll = 2;  // the depth is a multiple of unroll * shapeK
layout(constant_id = 5) const uint shapeM = 8;
layout(constant_id = 6) const uint shapeN = 8;
layout(constant_id = 7) const uint shapeK = 8;
layout(push_constant, scalar) uniform Push {
    GemmPanelsPush push;
};
#include "compute/gemm_panels.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Elements {
    Element at[];
};
const uint panelRows = fragmentRows * shapeM;
const uint panelColumns = fragmentColumns * shapeN;
shared Sum edge[shapeM * shapeN];

void main() {
    if (isWorkgroupIdle()) return;
    const PanelsOfWorkgroup panels = panelsOfWorkgroup();
    coopmat<Sum, gl_ScopeSubgroup, shapeM, shapeN, gl_MatrixUseAccumulator>
        sums[fragmentRows * fragmentColumns];
    [[unroll]] for (uint i = 0u; i < fragmentRows * fragmentColumns; ++i)
        sums[i] = coopmat<Sum, gl_ScopeSubgroup, shapeM, shapeN, gl_MatrixUseAccumulator>(Sum(0));
    const uint bytes = uint(elementBytes);
    Words panelA = panelOfA(panels, panelRows * bytes);
    Words panelB = panelOfB(panels, panelColumns * bytes);
    const uint depth = depthOf(panels);
    uint k = 0u;
    do {
        Elements a = Elements(uvec2(wordsFrom(panelA, k, panelRows * bytes)));
        Elements b = Elements(uvec2(wordsFrom(panelB, k, panelColumns * bytes)));
        [[unroll]] for (uint u = 0u; u < unroll; ++u) {
            coopmat<Element, gl_ScopeSubgroup, shapeM, shapeK, gl_MatrixUseA> rows[fragmentRows];
            [[unroll]] for (uint i = 0u; i < fragmentRows; ++i)
                coopMatLoad(rows[i], a.at, u * shapeK * panelRows + i * shapeM, panelRows,
                            gl_CooperativeMatrixLayoutColumnMajor);
            [[unroll]] for (uint j = 0u; j < fragmentColumns; ++j) {
                coopmat<Element, gl_ScopeSubgroup, shapeK, shapeN, gl_MatrixUseB> columns;
                coopMatLoad(columns, b.at, u * shapeK * panelColumns + j * shapeN, panelColumns,
                            gl_CooperativeMatrixLayoutRowMajor);
                [[unroll]] for (uint i = 0u; i < fragmentRows; ++i)
                    sums[i * fragmentColumns + j] =
                        coopMatMulAdd(rows[i], columns, sums[i * fragmentColumns + j]);
            }
        }
        k += unroll * shapeK;
    } while (k < depth);

    // Through shared memory, element by element: fragments cannot be stored in part, nor is C's stride a
    // multiple of anything.
    [[unroll]] for (uint f = 0u; f < fragmentRows * fragmentColumns; ++f) {
        coopMatStore(sums[f], edge, 0u, shapeN, gl_CooperativeMatrixLayoutRowMajor);
        barrier();
        const uvec2 first = uvec2(panels.inB * panelColumns + f % fragmentColumns * shapeN,
                                  panels.inA * panelRows + f / fragmentColumns * shapeM);
        [[unroll]] for (uint i = 0u; i < shapeM * shapeN; i += workgroupSize) {
            const uint index = i + gl_LocalInvocationIndex;
            const uint column = first.x + index % shapeN;
            const uint row = first.y + index / shapeN;
            if (index < shapeM * shapeN && row < push.m && column < push.n)
                storeSum(push.epilogue, rowOfPanels(panels, row), placeOf(panels, row, column), edge[index]);
        }
        barrier();
    }
}
