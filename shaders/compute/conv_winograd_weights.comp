#version 460
// Transforms the 3 x 3 kernels of a convolution: G g G^T, planes of filters and channels. Lanes lie along
// the channels, so that they write contiguous runs.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require

#include "compute/grid.glsl"  // a workgroup is one subgroup

layout(constant_id = 0) const uint elementType = 0;
#define rowsOf(tile) (tile + 2u)
#define columnsOf(tile) 3u
#define small winograd2Weights
#define large winograd4Weights
#include "compute/conv_runs.glsl"
#include "compute/conv_winograd.glsl"
layout(push_constant, scalar) uniform Push {
    ConvWinogradWeightsPush push;
};

void main() {
    findLane();
    const uint first = workgroupIndex() * workgroupSize;
    if (first >= push.pairs) return;
    const uint firstElement = 9u * (push.firstPair + first);
    if (picksLanes && first + workgroupSize <= push.pairs) {
        Words base = runBase(push.weights, firstElement);
        [[unroll]] for (uint i = 0u; i < 9u; ++i)
            operand[i] = elementValue(pickedFrom(base, firstElement, i, 9u), elementType);
    } else {
        const uint own = 9u * (push.firstPair + min(first + lane, push.pairs - 1u));
        [[unroll]] for (uint i = 0u; i < 9u; ++i)
            operand[i] = elementValue(elementBits(push.weights, own + i, elementType), elementType);
    }
    transform();
    if (first + lane >= push.pairs) return;
    [[unroll]] for (uint i = 0u; i < rows * rows; ++i)
        wordsFrom(push.transformed, i, 4u * push.pairs).at[first + lane] = floatBitsToUint(transformed[i]);
}
