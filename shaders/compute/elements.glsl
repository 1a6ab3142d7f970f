// Reads tensor elements of any supported type as the bit patterns of the equal 32-bit floats. Integer
// arithmetic throughout: no driver's denormal mode can touch a value.
#ifndef ELEMENTS_GLSL
#define ELEMENTS_GLSL

#include "compute/half.glsl"
#include "shared_types.h"

layout(constant_id = 0) const uint elementType = elementF32;

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
