// Structs of the kernel that quantizes tensors.
#ifndef CLIPSCOPE_QUANTIZE_H
#define CLIPSCOPE_QUANTIZE_H

#include "error.h"

SHADER_NAMESPACE_BEGIN

// What the kernel writes for each element: specialization constant 11.
SHADER_CONST uint writeF32 =
    0;  // the quantized value; writeF16 and writeBF16 round it to the nearest of their type
SHADER_CONST uint writeF16 = 1;
SHADER_CONST uint writeBF16 = 2;
SHADER_CONST uint writeCode8 = 3;  // the code as NumberFormat::encode gives it; integers in two's complement
SHADER_CONST uint writeCode16 = 4;

struct QuantizePush {
    ADDRESS_OF(Words4) data;       // 16-byte aligned
    ADDRESS_OF(Candidates) grids;  // [segment]
    ADDRESS_OF(Words) quantized;   // as many whole quads of elements as hold all
    uint elements;
    int exponent;        // elements are scaled by 2^exponent before they are quantized
    uint firstElement;   // of these elements in what the geometry describes
    uint signShift;      // of float codes: where the sign bit goes
    uint nanCode;        // of elements that are not numbers
    float smallestCode;  // of integers: what qmin of a grid stands for
    SegmentGeometry geometry;
    // Stochastic rounding: seed of the generator and number of the first element in the tensor.
    uint seedLow;
    uint seedHigh;
    uint firstLow;
    uint firstHigh;
};

SHADER_NAMESPACE_END

#endif
