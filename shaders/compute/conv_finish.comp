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
    const uint across = (push.plane + workgroupSize - 1u) / workgroupSize;
    const uint inPlane = workgroupIndex() % across * workgroupSize + gl_LocalInvocationID.x;
    const uint plane = workgroupIndex() / across;
    if (inPlane >= push.plane || plane >= push.planes) return;
    Words sum = wordsFrom(push.outputs, (push.first + plane) * push.plane + inPlane, 4u);
    sum.at[0] = finished(push.epilogue, sum.at[0], (push.first + plane) % push.filters, isInteger);
}
