#version 460
// Quantizes elements with the grid of their segment and writes them as floats or as integers, a quad per
// invocation.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "compute/quantize.glsl"
#include "compute/segment_of.glsl"
#include "quantize.h"

layout(constant_id = 11) const uint output_ = writeF32;
layout(constant_id = 12) const bool isSegmented = false;
layout(push_constant, scalar) uniform Push {
    QuantizePush push;
};

// binary32 to binary16 or bfloat16, to nearest, ties to even. Finite values stay finite where the type can
// hold them.
uint roundedShift(uint value, uint shift) {
    const uint half_ = 1u << (shift - 1u);
    const uint rest = value & ((1u << shift) - 1u);
    const uint result = value >> shift;
    return result + uint(rest > half_ || (rest == half_ && (result & 1u) != 0u));
}

uint halfBitsOf(uint bits) {
    const uint sign = bits >> 16 & 0x8000u;
    const uint magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return sign | 0x7e00u;
    if (magnitude >= 0x47800000u) return sign | 0x7c00u;
    if (magnitude >= 0x38800000u) return sign | roundedShift(magnitude - 0x38000000u, 13u);
    const uint field = magnitude >> 23;
    if (field < 102u) return sign;
    return sign | roundedShift(magnitude & 0x7fffffu | 0x800000u, 126u - field);
}

uint bfloatBitsOf(uint bits) {
    if ((bits & 0x7fffffffu) > 0x7f800000u) return bits >> 16 | 0x40u;
    return roundedShift(bits, 16u);
}

GridCandidate gridOf(uint element) {
    if (!isSegmented) return push.grids.at[0];
    return push.grids.at[segmentOf(push.geometry, push.firstElement + element)];
}

// Infinities go to the outermost levels, as every clipped value does; a NaN has no level and counts as 0.
float levelOf(uint bits, GridCandidate grid) {
    const uint magnitude = bits & 0x7fffffffu;
    if (magnitude == 0x7f800000u)
        return grid.inverseStep == 0.0 ? 0.0 : (bits >> 31) == 0u ? grid.qmax : grid.qmin;
    return quantizedLevel(scaledElement(bits, push.exponent), grid);
}

// With exactScaling the value stays scaled: the host undoes it, since the result may be subnormal.
uint valueBits(uint bits, GridCandidate grid) {
    if ((bits & 0x7fffffffu) > 0x7f800000u) return bits;
    precise float value = levelOf(bits, grid) * grid.step;
    if (!exactScaling) value *= powerOfTwo(-push.exponent);
    return floatBitsToUint(value);
}

uint encoded(uint bits, GridCandidate grid) {
    switch (output_) {
        case writeF16:
            return halfBitsOf(valueBits(bits, grid));
        case writeBF16:
            return bfloatBitsOf(valueBits(bits, grid));
        case writeInt8:
            return uint(int(levelOf(bits, grid))) & 0xffu;
        case writeInt16:
            return uint(int(levelOf(bits, grid))) & 0xffffu;
        default:
            return valueBits(bits, grid);
    }
}

void main() {
    const uint quad = invocationIndex();
    if (4u * quad >= push.elements) return;
    const uvec4 bits = loadQuad(push.data, quad);
    uvec4 codes;
    for (uint i = 0u; i < 4u; ++i)
        codes[i] = encoded(bits[i], gridOf(min(4u * quad + i, push.elements - 1u)));
    if (output_ == writeF32) {
        for (uint i = 0u; i < 4u; ++i) push.quantized.at[4u * quad + i] = codes[i];
    } else if (output_ == writeInt8) {
        push.quantized.at[quad] = codes.x | codes.y << 8 | codes.z << 16 | codes.w << 24;
    } else {
        push.quantized.at[2u * quad] = codes.x | codes.y << 16;
        push.quantized.at[2u * quad + 1u] = codes.z | codes.w << 16;
    }
}
