#version 460
// Writes the columns of an image and group of a convolution, or a part of them, as a matrix of the input's
// own elements: what im2col multiplies. One invocation writes whole words, of one, two or four neighbouring
// columns, for one place of the kernel and channelRun channels.
#extension GL_GOOGLE_include_directive : require

#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"
#include "convolution.h"

layout(constant_id = 0) const uint elementType = elementF32;
layout(constant_id = 2) const uint channelRun = 8;
layout(push_constant, scalar) uniform Push {
    ConvColumnsPush push;
};

const uint elementBitsWide = elementType == elementF32 ? 32u : elementType <= elementBF16 ? 16u : 8u;
const uint perWord = 32u / elementBitsWide;

void main() {
    const ConvGeometry g = push.geometry;
    // Words of a row are the fastest, so that lanes lie side by side; then places of the kernel.
    const uint across = (push.pitchWords + workgroupSize - 1u) / workgroupSize;
    const uint places = g.kernelHeight * g.kernelWidth;
    const uint word = workgroupIndex() % across * workgroupSize + gl_LocalInvocationID.x;
    const uint place = workgroupIndex() / across % places;
    const uint firstChannel = workgroupIndex() / across / places * channelRun;
    if (word >= push.pitchWords || firstChannel >= push.depth) return;
    uint offsets[perWord];
    bool isPadding[perWord];
    [[unroll]] for (uint i = 0u; i < perWord; ++i) {
        const uint column = push.firstColumn + min(word * perWord + i, push.columnCount - 1u);
        const int y =
            int(column / g.outWidth * g.strideY + place / g.kernelWidth * g.dilationY) - int(g.padTop);
        const int x =
            int(column % g.outWidth * g.strideX + place % g.kernelWidth * g.dilationX) - int(g.padLeft);
        isPadding[i] = y < 0 || y >= int(g.height) || x < 0 || x >= int(g.width);
        offsets[i] = isPadding[i] ? 0u : uint(y) * g.width + uint(x);
    }
    [[unroll]] for (uint c = 0u; c < channelRun; ++c) {
        const uint channel = min(firstChannel + c, push.depth - 1u);
        const uint plane = (push.firstPlane + channel) * (g.height * g.width);
        uint bits = 0u;
        [[unroll]] for (uint i = 0u; i < perWord; ++i) {
            const uint read = elementBits(push.inputs, plane + offsets[i], elementType);
            const uint element = isPadding[i] ? push.zeroPoint : read;
            bits |=
                perWord == 1u ? element : (element & ((1u << elementBitsWide) - 1u)) << (i * elementBitsWide);
        }
        Words row = wordsFrom(push.columns, channel * places + place, push.pitchWords * 4u);
        if (firstChannel + c < push.depth) row.at[word] = bits;
    }
}
