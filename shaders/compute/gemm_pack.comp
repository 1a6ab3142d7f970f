#version 460
// Copies a matrix of any element type and any strides into the panels that gemm_tiled, gemm_dot and
// gemm_coopmat multiply. Transposition, ragged edges and conversion are dealt with here, at a cost of O(mk +
// kn), so that the O(mnk) loops know nothing of them. The workgroup walks along the depth; its lanes lie side
// by side along the outer dimension, so that they write one contiguous run.
#extension GL_GOOGLE_include_directive : require

#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"

layout(constant_id = 0) const uint elementType = elementF32;
layout(constant_id = 2) const uint panel = panelFloats;
layout(constant_id = 3) const uint depthRun = 32;  // words along the depth for each invocation
layout(push_constant, scalar) uniform Push {
    GemmPackPush push;
};

const uint elementBitsWide = elementType == elementF32 ? 32u : elementType <= elementBF16 ? 16u : 8u;
// Elements of one written word: neighbours along the depth or along the outer dimension.
const uint alongDepth = panel == panelDepth4 ? 4u : 1u;
const uint alongOuter = panel == panelBits ? 32u / elementBitsWide : 1u;

// An element's bits, zero outside of the matrix. Read at a clamped place instead of under a condition: there
// is always element 0, since the host packs no empty matrix.
uint bitsAt(uint outer, uint depth) {
    const uint index =
        min(outer, push.outer - 1u) * push.outerStride + min(depth, push.depth - 1u) * push.depthStride;
    const uint bits = elementBits(push.matrix, index, elementType);
    return outer < push.outer && depth < push.depth ? bits : 0u;
}

uint wordAt(uint outer, uint depth) {
    if (panel == panelFloats) return floatBitsToUint(elementValue(bitsAt(outer, depth), elementType));
    uint word = 0u;
    [[unroll]] for (uint i = 0u; i < max(alongDepth, alongOuter); ++i) {
        const uint bits = alongDepth > 1u ? bitsAt(outer, depth + i) : bitsAt(outer + i, depth);
        word |=
            elementBitsWide == 32u ? bits : (bits & ((1u << elementBitsWide) - 1u)) << (i * elementBitsWide);
    }
    return word;
}

void main() {
    const uint words = push.width / alongOuter;  // of a panel, along the outer dimension
    const uint steps = push.panelDepth / alongDepth;
    // Workgroups run along the outer dimension of all panels together, then along the depth.
    const uint across = (push.columns + workgroupSize - 1u) / workgroupSize;
    const uint run = workgroupIndex() / across;
    const uint column = workgroupIndex() % across * workgroupSize + gl_LocalInvocationID.x;
    if (column >= push.columns || run * depthRun >= steps) return;
    const uint panelIndex = column / words, inPanel = column % words;
    const uint outer = panelIndex * push.width + inPanel * alongOuter;
    Words to = wordsFrom(push.panels, panelIndex * steps, words * 4u);
    [[unroll]] for (uint i = 0u; i < depthRun; ++i) {
        const uint depth = run * depthRun + i;
        const uint word = wordAt(outer, push.firstDepth + depth * alongDepth);
        if (depth < steps) to.at[depth * words + inPanel] = word;
    }
}
