// The uniform quantizer, once for every kernel: Q(x) = step * clamp(roundEven(x / step), qmin, qmax), with
// the division as a product with the rounded inverse step. `precise`: no driver may fuse or reorder.
#ifndef QUANTIZE_GLSL
#define QUANTIZE_GLSL

#include "compute/elements.glsl"
#include "error.h"

// Elements so small that float arithmetic would flush them take the integer path.
layout(constant_id = 10) const bool exactScaling = false;

// 2^exponent, -126 <= exponent <= 127.
float powerOfTwo(int exponent) {
    return uintBitsToFloat(uint(exponent + 127) << 23);
}

// The element times 2^exponent; 0 for NaN and Inf. With exactScaling no subnormal is ever an operand: the
// exponent field is moved, and a subnormal's significand converted as an integer.
float scaledElement(uint bits, int exponent) {
    const uint magnitude = bits & 0x7fffffffu;
    if (magnitude >= 0x7f800000u) return 0.0;
    if (!exactScaling) return uintBitsToFloat(bits) * powerOfTwo(exponent);
    const bool subnormal = magnitude < 0x00800000u;
    const float value = subnormal ? float(magnitude) : uintBitsToFloat((magnitude & 0x7fffffu) | 0x3f800000u);
    const int power = subnormal ? exponent - 149 : exponent + int(magnitude >> 23) - 127;
    const float scaled = value * powerOfTwo(clamp(power, -126, 127));
    return (bits >> 31) == 0u ? scaled : -scaled;
}

float quantizedLevel(float x, GridCandidate grid) {
    precise const float level = roundEven(x * grid.inverseStep);
    return min(max(level, grid.qmin), grid.qmax);
}

float quantizationError(float x, GridCandidate grid) {
    precise const float value = quantizedLevel(x, grid) * grid.step;
    precise const float error = x - value;
    return error;
}

// By the bits: scaling may flush what is tiny.
bool isClipped(uint bits, GridCandidate grid) {
    const uint magnitude = bits & 0x7fffffffu;
    const uint limit = grid.qmin == 0.0 && (bits >> 31) != 0u ? 0u : grid.clipBits;
    return magnitude > limit && magnitude < 0x7f800000u;
}

#endif
