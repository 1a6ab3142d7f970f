#version 460
// Copies a matrix of any element type and any strides into the panels that gemm_tiled, gemm_dot and
// gemm_coopmat multiply. Transposition, ragged edges and conversion are dealt with here, at a cost of O(mk +
// kn), so that the O(mnk) loops know nothing of them. The workgroup walks along the depth; its lanes lie side
// by side along the outer dimension, so that they write one contiguous run.
#extension GL_GOOGLE_include_directive : require

#include "compute/gemm_window.glsl"
#include "compute/grid.glsl"

layout(constant_id = 0) const uint elementType = elementF32;
layout(constant_id = 2) const uint panel = panelFloats;
layout(constant_id = 3) const uint depthRun = 32;  // words along the depth for each invocation
// Floats become integers of this type on the way: elementS8 or elementU8.
layout(constant_id = 4) const uint quantizedType = elementF32;
layout(constant_id = 5) const bool hasWindow = false;  // the matrix lies as images
layout(push_constant, scalar) uniform Push {
    GemmPackPush push;
};

const bool isQuantizing = quantizedType != elementF32;
const uint packedType = isQuantizing ? quantizedType : elementType;
const bool isFloat32 = packedType == elementF32 || packedType == elementTF32;
const uint elementBitsWide = isFloat32 ? 32u : packedType <= elementBF16 ? 16u : 8u;
// Elements of one written word: neighbours along the depth or along the outer dimension.
const uint alongDepth = panel == panelDepth4 ? 4u : 1u;
const uint alongOuter = panel == panelBits ? 32u / elementBitsWide : 1u;

// An element's bits, zero outside of the matrix. Read at a clamped place instead of under a condition: there
// is always element 0, since the host packs no empty matrix.
uint bitsAt(uint first, uint outer, uint depth) {
    const uint outerInside = min(outer, push.outer - 1u), depthInside = min(depth, push.depth - 1u);
    uint bits;
    if (hasWindow)
        bits = windowBits(push.matrix, push.window, first, windowOrigin(push.window, outerInside),
                          depthInside, elementType);
    else
        bits =
            elementBits(push.matrix, first + outerInside * push.outerStride + depthInside * push.depthStride,
                        elementType);
    if (isQuantizing)
        bits =
            quantizedBits(elementValue(bits, elementType), push.inverseScale, push.zeroPoint, quantizedType);
    return outer < push.outer && depth < push.depth ? bits : 0u;
}

uint wordAt(uint first, uint outer, uint depth) {
    if (panel == panelFloats) return floatBitsToUint(elementValue(bitsAt(first, outer, depth), packedType));
    uint word = 0u;
    [[unroll]] for (uint i = 0u; i < max(alongDepth, alongOuter); ++i) {
        const uint bits = alongDepth > 1u ? bitsAt(first, outer, depth + i) : bitsAt(first, outer + i, depth);
        word |=
            elementBitsWide == 32u ? bits : (bits & ((1u << elementBitsWide) - 1u)) << (i * elementBitsWide);
    }
    return word;
}

void main() {
    const uint words = push.width / alongOuter;  // of a panel, along the outer dimension
    const uint steps = push.panelDepth / alongDepth;
    // Workgroups run along the outer dimension of all panels together, then along the depth, then take the
    // next matrix.
    const uint across = (push.columns + workgroupSize - 1u) / workgroupSize;
    const uint runs = (steps + depthRun - 1u) / depthRun;
    const uint matrix = workgroupIndex() / (across * runs);
    const uint run = workgroupIndex() / across % runs;
    const uint column = workgroupIndex() % across * workgroupSize + gl_LocalInvocationID.x;
    if (column >= push.columns || matrix >= push.matrices) return;
    const uint panelIndex = column / words, inPanel = column % words;
    const uint outer = push.firstOuter + panelIndex * push.width + inPanel * alongOuter;
    const uint first = push.first + matrix * push.matrixStride;
    Words to = wordsFrom(push.panels, (matrix * (push.columns / words) + panelIndex) * steps, words * 4u);
    [[unroll]] for (uint i = 0u; i < depthRun; ++i) {
        const uint depth = run * depthRun + i;
        const uint word = wordAt(first, outer, push.firstDepth + depth * alongDepth);
        if (depth < steps) to.at[depth * words + inPanel] = word;
    }
}
