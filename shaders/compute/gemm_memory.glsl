// Addresses, elements and results of the matrix kernels.
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

// The bits of element `index` in the low bits of the result, whatever its type; those of 8 bits as the int32
// of equal value.
uint elementBits(Words matrix, uint index, uint type) {
    if (type == elementF32) return matrix.at[index];
    if (type == elementF16 || type == elementBF16)
        return matrix.at[index >> 1] >> (16u * (index & 1u)) & 0xffffu;
    const int shift = int(8u * (index & 3u));
    const uint word = matrix.at[index >> 2];
    return type == elementS8 ? uint(bitfieldExtract(int(word), shift, 8)) : bitfieldExtract(word, shift, 8);
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
        case elementS8:
            return float(int(bits));
        default:
            return float(bits);
    }
}

bool hasBias(GemmEpilogue epilogue) {
    return epilogue.bias != uvec2(0u);
}

void storeFloat(GemmEpilogue epilogue, Words c, uint column, float sum) {
    precise float value = epilogue.alpha * sum;
    // What C holds without a beta may be NaN.
    if (epilogue.beta != 0.0) value += epilogue.beta * uintBitsToFloat(c.at[column]);
    if (hasBias(epilogue)) value += uintBitsToFloat(Words(epilogue.bias).at[column]);
    c.at[column] = floatBitsToUint(value);
}

void storeInteger(GemmEpilogue epilogue, Words c, uint column, uint sum) {
    if (epilogue.beta != 0.0) sum += c.at[column];
    if (hasBias(epilogue)) sum += Words(epilogue.bias).at[column];
    c.at[column] = sum;
}

#endif
