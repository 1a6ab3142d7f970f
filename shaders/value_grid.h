// Structs of the kernel that lays out a window of a tensor, before and after quantization, for a picture.
#ifndef CLIPSCOPE_VALUE_GRID_H
#define CLIPSCOPE_VALUE_GRID_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

struct ShowValuesPush {
    ADDRESS_OF(Words4) data;     // 16-byte aligned
    ADDRESS_OF(Words) scaled;    // of the same elements, as quantize_elements writes floats
    ADDRESS_OF(Words) original;  // these and the next two: [element of the window], float bits
    ADDRESS_OF(Words) quantized;
    ADDRESS_OF(Words) difference;
    uint elements;
    uint firstElement;  // of these elements in the window
    int exponent;       // what quantize_elements left scaled is scaled by 2^exponent; 0 otherwise
};

SHADER_NAMESPACE_END

#endif
