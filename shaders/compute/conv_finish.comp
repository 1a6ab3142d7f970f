#version 460
// Applies the epilogue to the sums of a convolution in place: after products of matrices, which know columns
// and no filters.
#extension GL_GOOGLE_include_directive : require

#include "compute/conv_epilogue.glsl"
#include "compute/grid.glsl"

layout(constant_id = 2) const bool isInteger = false;
layout(push_constant, scalar) uniform Push {
    ConvFinishPush push;
};

void main() {
    const uint across = (push.columns + workgroupSize - 1u) / workgroupSize;
    const uint column = workgroupIndex() % across * workgroupSize + gl_LocalInvocationID.x;
    const uint row = workgroupIndex() / across;
    if (column >= push.columns || row >= push.filters) return;
    Words sum = wordsFrom(push.sums, row * push.pitch + column, 4u);
    sum.at[0] = finished(push.epilogue, sum.at[0], push.firstFilter + row, isInteger);
}
