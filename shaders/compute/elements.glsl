// Reads tensor elements of any supported type as the bit patterns of the equal 32-bit floats. Integer
// arithmetic throughout: no driver's denormal mode can touch a value.
#ifndef ELEMENTS_GLSL
#define ELEMENTS_GLSL

#include "shared_types.h"

layout(constant_id = 0) const uint elementType = elementF32;

// binary16 to binary32, exact for every value: NaN stays NaN, subnormals become normal.
uint floatBitsOfHalf(uint h) {
    const uint sign = (h & 0x8000u) << 16;
    const uint magnitude = h & 0x7fffu;
    if (magnitude >= 0x7c00u) return sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13);
    if (magnitude >= 0x0400u) return sign | ((magnitude << 13) + 0x38000000u);
    if (magnitude == 0u) return sign;
    const uint top = uint(findMSB(magnitude));
    return sign | ((103u + top) << 23) | ((magnitude << (23u - top)) & 0x7fffffu);
}

uint floatBitsOf16(uint bits) {
    return elementType == elementBF16 ? bits << 16 : floatBitsOfHalf(bits);
}

// The four elements from 4 * quad on.
uvec4 loadQuad(Words4 data, uint quad) {
    if (elementType == elementF32) return data.at[quad];
    const uvec4 pair = data.at[quad >> 1];
    const uvec2 words = (quad & 1u) == 0u ? pair.xy : pair.zw;
    return uvec4(floatBitsOf16(words.x & 0xffffu), floatBitsOf16(words.x >> 16),
                 floatBitsOf16(words.y & 0xffffu), floatBitsOf16(words.y >> 16));
}

// One element.
uint loadElement(Words data, uint index) {
    if (elementType == elementF32) return data.at[index];
    const uint word = data.at[index >> 1];
    return floatBitsOf16((index & 1u) == 0u ? word & 0xffffu : word >> 16);
}

#endif
