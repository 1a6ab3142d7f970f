#version 460
// C = alpha * A * B + beta * C + bias by the definition, one element of C per invocation: the kernel that
// others are compared with. Integers are exact; floats are added in the order of k.
#extension GL_GOOGLE_include_directive : require

#include "compute/gemm_epilogue.glsl"
#include "compute/grid.glsl"

layout(constant_id = 0) const uint elementA = elementF32;
layout(constant_id = 7) const uint elementB = elementF32;
layout(constant_id = 8) const bool hasHalfSums = false;  // rounded to float16 at each step
layout(push_constant, scalar) uniform Push {
    GemmPush push;
};

void main() {
    const uint index = invocationIndex();
    const uint row = push.firstRow + index / push.n, column = index % push.n;
    if (index / push.n >= push.rows) return;
    const bool isInteger = isIntegerElement(elementA);
    uint integers = 0u;
    float floats = 0.0;
    // Tested at its end: llvmpipe runs a loop that tests first once more with all lanes off, and reads
    // through uniform addresses even then.
    uint k = 0u;
    if (push.k != 0u) do {
            const uint a = elementBits(push.a, push.aFirst + row * push.aRow + k * push.aColumn, elementA);
            const uint b = elementBits(push.b, push.bFirst + k * push.bRow + column * push.bColumn, elementB);
            if (isInteger)
                integers += a * b;
            else
                floats = fma(elementValue(a, elementA), elementValue(b, elementB), floats);
            if (hasHalfSums) floats = roundedToHalf(floats);
        } while (++k < push.k);
    Words c = rowOfC(push.c, row, push.cRow);
    const PlaceOfC place = PlaceOfC(push.epilogue.firstBatch, row, column);
    if (isInteger)
        storeInteger(push.epilogue, c, place, integers);
    else
        storeFloat(push.epilogue, c, place, floats);
}
