// The quantizer, once for every kernel: Q(x) = step * element, with the element value nearest to x / step,
// ties to even, and the division as a product with the rounded inverse step. `precise`: no driver may fuse or
// reorder. The formats themselves are described in quant/number_format.h.
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

// The finite element times 2^exponent. No subnormal is ever an operand: the exponent field is moved, and a
// subnormal's significand converted as an integer.
float exactlyScaled(uint bits, int exponent) {
    const uint magnitude = bits & 0x7fffffffu;
    const bool subnormal = magnitude < 0x00800000u;
    const float value = subnormal ? float(magnitude) : uintBitsToFloat((magnitude & 0x7fffffu) | 0x3f800000u);
    const int power = subnormal ? exponent - 149 : exponent + int(magnitude >> 23) - 127;
    const float scaled = value * powerOfTwo(clamp(power, -126, 127));
    return (bits >> 31) == 0u ? scaled : -scaled;
}

// The element times 2^exponent; 0 for NaN and Inf.
float scaledElement(uint bits, int exponent) {
    if ((bits & 0x7fffffffu) >= 0x7f800000u) return 0.0;
    return exactScaling ? exactlyScaled(bits, exponent) : uintBitsToFloat(bits) * powerOfTwo(exponent);
}

layout(constant_id = 13) const uint spacing = spacingUniform;
layout(constant_id = 14) const uint mantissaBits = 0;
layout(constant_id = 15) const int smallestExponent = 0;

// Exponent of the distance between float elements around y: powers of two, so that products with them are
// exact.
int spacingExponent(float y) {
    const int exponent = int(floatBitsToUint(abs(y)) >> 23) - 127;
    return max(exponent, smallestExponent) - int(mantissaBits);
}

// The pattern of a float with the lowest `shift` bits rounded off, to nearest, ties to even.
uint roundedBits(uint bits, uint shift) {
    return (bits + ((1u << (shift - 1u)) - 1u) + (bits >> shift & 1u)) >> shift << shift;
}

// The element value for y = x / step, in the range of the grid.
float nearestElement(float y, GridCandidate grid) {
    if (spacing == spacingBinary) return y < 0.0 ? grid.qmin : grid.qmax;
    if (spacing == spacingFloat) {
        const float inside = min(max(y, grid.qmin), grid.qmax);
        const int exponent = spacingExponent(inside);
        precise const float element = roundEven(inside * powerOfTwo(-exponent)) * powerOfTwo(exponent);
        return min(max(element, grid.qmin), grid.qmax);
    }
    if (spacing == spacingBits) {
        // Below the smallest normal number the spacing stays.
        if (abs(y) < grid.inverseStep * powerOfTwo(int(mantissaBits))) {
            const int exponent = int(floatBitsToUint(grid.inverseStep) >> 23) - 127;
            precise const float element = roundEven(y * powerOfTwo(-exponent)) * powerOfTwo(exponent);
            return element;
        }
        const float element = uintBitsToFloat(roundedBits(floatBitsToUint(y), 23u - mantissaBits));
        return min(max(element, grid.qmin), grid.qmax);
    }
    return min(max(roundEven(y), grid.qmin), grid.qmax);
}

// One of the two element values around y, the upper with the probability of y's place between them. uniform_:
// at least 0 and below 1.
float stochasticElement(float y, float uniform_, GridCandidate grid) {
    if (spacing == spacingBinary) return 2.0 * uniform_ < y + 1.0 ? grid.qmax : grid.qmin;
    const float inside = min(max(y, grid.qmin), grid.qmax);
    const int exponent = spacing == spacingFloat ? spacingExponent(inside) : 0;
    precise const float place = inside * powerOfTwo(-exponent);
    const float lower = floor(place);
    precise const float element = (uniform_ < place - lower ? lower + 1.0 : lower) * powerOfTwo(exponent);
    return min(max(element, grid.qmin), grid.qmax);
}

float quantizedLevel(float x, GridCandidate grid) {
    if (spacing == spacingBits) return nearestElement(x, grid);
    precise const float y = x * grid.inverseStep;
    return nearestElement(y, grid);
}

float quantizationError(float x, GridCandidate grid) {
    precise const float value = quantizedLevel(x, grid) * grid.step;
    precise const float error = x - value;
    return error;
}

// The error of an element x, scaled from `bits`. NaN and Inf have none, not even on a grid without zero.
float elementError(uint bits, float x, GridCandidate grid) {
    if (spacing == spacingBinary && (bits & 0x7fffffffu) >= 0x7f800000u) return 0.0;
    return quantizationError(x, grid);
}

// By the bits: scaling may flush what is tiny.
bool isClipped(uint bits, GridCandidate grid) {
    const uint magnitude = bits & 0x7fffffffu;
    const uint limit = (bits >> 31) != 0u ? grid.lowBits : grid.clipBits;
    return magnitude > limit && magnitude < 0x7f800000u;
}

#endif
