// Addresses and elements of the matrix kernels.
#ifndef GEMM_MEMORY_GLSL
#define GEMM_MEMORY_GLSL

#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_control_flow_attributes : require

#include "compute/half.glsl"
#include "gemm.h"

// The words from byte offset stride * index on. 64-bit addresses by 32-bit arithmetic: 64-bit integers are
// optional. What is read relative to the result at constant offsets costs no address arithmetic at all.
Words wordsFrom(Words words, uint index, uint strideBytes) {
    uint high, low, carry;
    umulExtended(index, strideBytes, high, low);
    uvec2 address = uvec2(words);
    address.x = uaddCarry(address.x, low, carry);
    address.y += high + carry;
    return Words(address);
}

bool isIntegerElement(uint type) {
    return type >= elementS8 && type <= elementSign;
}

// The bits of element `index` in the low bits of the result, whatever its type; those of integers as the
// int32 of equal value.
uint elementBits(Words matrix, uint index, uint type) {
    if (type == elementF32 || type == elementTF32) return matrix.at[index];
    if (type == elementF16 || type == elementBF16)
        return matrix.at[index >> 1] >> (16u * (index & 1u)) & 0xffffu;
    if (type == elementSign) return (matrix.at[index >> 5] >> (index & 31u) & 1u) * 2u - 1u;
    // 4, 8 or 16 to a word
    const uint places = type == elementS4 ? 3u : type == elementS2 ? 4u : 2u;
    const int bits = 32 >> places;
    const int shift = bits * int(index & (1u << places) - 1u);
    const uint word = matrix.at[index >> places];
    return type == elementU8 ? bitfieldExtract(word, shift, 8)
                             : uint(bitfieldExtract(int(word), shift, bits));
}

// Rounded to 10 bits of mantissa, to nearest, ties to even; NaN and infinity as they are.
float tf32FromBits(uint bits) {
    const bool isFinite = (bits & 0x7f800000u) != 0x7f800000u;
    return uintBitsToFloat(isFinite ? (bits + 0xfffu + (bits >> 13u & 1u)) & 0xffffe000u : bits);
}

// The value of an element as a float, exactly.
float elementValue(uint bits, uint type) {
    switch (type) {
        case elementF32:
            return uintBitsToFloat(bits);
        case elementF16:
            return uintBitsToFloat(floatBitsOfHalf(bits));
        case elementBF16:
            return uintBitsToFloat(bits << 16);
        case elementTF32:
            return tf32FromBits(bits);
        case elementU8:
            return float(bits);
        default:
            return float(int(bits));
    }
}

// A float as an integer of 8 bits: to nearest, ties to even, with the division as a product with the rounded
// inverse, saturating; NaN becomes the zero point.
uint quantizedBits(float value, float inverseScale, int zeroPoint, uint type) {
    const int low = type == elementS8 ? -128 : 0, high = type == elementS8 ? 127 : 255;
    if ((floatBitsToUint(value) & 0x7fffffffu) > 0x7f800000u) return uint(zeroPoint);
    precise const float scaled = value * inverseScale;
    const float inside = clamp(scaled, float(low - zeroPoint), float(high - zeroPoint));
    return uint(int(roundEven(inside)) + zeroPoint);
}

#endif
