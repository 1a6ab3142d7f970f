#version 460
// Sums along k of the rows of A or the columns of B, as int32: what zero points make of a product of
// integers. Lanes of a subgroup share a line where it is contiguous, else each lane has its own.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "compute/gemm_window.glsl"
#include "compute/grid.glsl"  // a workgroup is one subgroup

layout(constant_id = 0) const uint elementType = elementS8;
layout(constant_id = 4) const uint quantizedType = elementF32;  // as in gemm_pack
layout(constant_id = 5) const bool liesAlongDepth = false;
layout(constant_id = 6) const bool hasWindow = false;
layout(push_constant, scalar) uniform Push {
    GemmLineSumsPush push;
};

uint valueAt(uint first, uint line, uint k) {
    uint bits;
    if (hasWindow)
        bits = windowBits(push.matrix, push.window, first, windowOrigin(push.window, line), k, elementType);
    else
        bits = elementBits(push.matrix, first + line * push.outerStride + k * push.depthStride, elementType);
    if (quantizedType == elementF32) return bits;
    return quantizedBits(elementValue(bits, elementType), push.inverseScale, push.zeroPoint, quantizedType);
}

void main() {
    const uint line = liesAlongDepth ? workgroupIndex() : invocationIndex();
    if (line >= push.lines * push.matrices) return;
    const uint first = push.first + line / push.lines * push.matrixStride;
    const uint step_ = liesAlongDepth ? workgroupSize : 1u;
    uint k = liesAlongDepth ? gl_SubgroupInvocationID : 0u;
    uint sum = 0u;
    // Tested at its end: see gemm_tiled.
    if (k < push.depth) do {
            sum += valueAt(first, line % push.lines, k);
            k += step_;
        } while (k < push.depth);
    if (liesAlongDepth) sum = subgroupAdd(sum);
    if (!liesAlongDepth || gl_SubgroupInvocationID == 0u) push.sums.at[line] = sum;
}
