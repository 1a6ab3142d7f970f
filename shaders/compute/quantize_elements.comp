#version 460
// Quantizes elements with the grid of their segment and writes them as floats or as codes, a quad per
// invocation.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "compute/philox.glsl"
#include "compute/quantize.glsl"
#include "compute/segment_of.glsl"
#include "quantize.h"

layout(constant_id = 11) const uint output_ = writeF32;
layout(constant_id = 12) const bool isSegmented = false;
layout(constant_id = 17) const bool isStochastic = false;
layout(push_constant, scalar) uniform Push {
    QuantizePush push;
};

// binary32 to binary16 or bfloat16, to nearest, ties to even. What is no NaN stays finite: a level beyond the
// type's largest value becomes that value.
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
    if (magnitude >= 0x47800000u) return sign | 0x7bffu;
    if (magnitude >= 0x38800000u) return sign | min(roundedShift(magnitude - 0x38000000u, 13u), 0x7bffu);
    const uint field = magnitude >> 23;
    if (field < 102u) return sign;
    return sign | roundedShift(magnitude & 0x7fffffu | 0x800000u, 126u - field);
}

uint bfloatBitsOf(uint bits) {
    if ((bits & 0x7fffffffu) > 0x7f800000u) return bits >> 16 | 0x40u;
    return bits >> 16 & 0x8000u | min(roundedShift(bits & 0x7fffffffu, 16u), 0x7f7fu);
}

GridCandidate gridOf(uint element) {
    if (!isSegmented) return push.grids.at[0];
    return push.grids.at[segmentOf(push.geometry, push.firstElement + element)];
}

// Infinities go to the outermost levels, as every clipped value does.
float levelOf(uint bits, GridCandidate grid, float uniform_) {
    const uint magnitude = bits & 0x7fffffffu;
    if (magnitude == 0x7f800000u)
        return grid.inverseStep == 0.0 ? 0.0 : (bits >> 31) == 0u ? grid.qmax : grid.qmin;
    // By the bits: scaling may flush what is tiny.
    if (spacing == spacingBinary && !isStochastic)
        return (bits >> 31) != 0u && magnitude != 0u ? grid.qmin : grid.qmax;
    precise const float y = scaledElement(bits, push.exponent) * grid.inverseStep;
    return isStochastic ? stochasticElement(y, uniform_, grid) : nearestElement(y, grid);
}

// Formats with the exponents of float32: the lowest bits are rounded off, and nothing becomes infinite.
uint castBits(uint bits, float uniform_) {
    const uint shift = 23u - mantissaBits;
    const uint largest = 0x7f7fffffu >> shift << shift;
    const uint magnitude = bits & 0x7fffffffu;
    const uint rounded = isStochastic ? (magnitude + uint(uniform_ * float(1u << shift))) >> shift << shift
                                      : roundedBits(magnitude, shift);
    return (bits & 0x80000000u) | min(rounded, largest);
}

// With exactScaling the value stays scaled: the host undoes it, since the result may be subnormal. Halves are
// too coarse for that: they become zeros.
uint valueBits(uint bits, GridCandidate grid, float uniform_) {
    if ((bits & 0x7fffffffu) > 0x7f800000u) return bits;
    if (spacing == spacingBits) return castBits(bits, uniform_);
    precise float value = levelOf(bits, grid, uniform_) * grid.step;
    if (!exactScaling || output_ == writeF16) value *= powerOfTwo(max(-push.exponent, -126));
    const uint pattern = floatBitsToUint(value);
    const bool isInfinite = (pattern & 0x7fffffffu) == 0x7f800000u;
    return isInfinite ? pattern & 0x80000000u | 0x7f7fffffu : pattern;
}

uint codeOf(uint bits, GridCandidate grid, float uniform_) {
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return spacing == spacingUniform ? uint(int(push.smallestCode - grid.qmin)) : push.nanCode;
    const float level = levelOf(bits, grid, uniform_);
    if (spacing == spacingBinary) return uint(level > 0.0);
    // Less the grid's own qmin, which differs from the format's by the zero point.
    if (spacing == spacingUniform) return uint(int(level + (push.smallestCode - grid.qmin)));
    const uint levelBits = floatBitsToUint(level);
    const int exponent = max(int(levelBits >> 23 & 0xffu) - 127, smallestExponent);
    const uint significand = uint(abs(level) * powerOfTwo(int(mantissaBits) - exponent));
    const uint magnitude = (uint(exponent - smallestExponent) << mantissaBits) + significand;
    return (levelBits >> 31) << push.signShift | magnitude;
}

uint encoded(uint bits, GridCandidate grid, float uniform_) {
    switch (output_) {
        case writeF16:
            return halfBitsOf(valueBits(bits, grid, uniform_));
        case writeBF16:
            return bfloatBitsOf(valueBits(bits, grid, uniform_));
        case writeCode8:
            return codeOf(bits, grid, uniform_) & 0xffu;
        case writeCode16:
            return codeOf(bits, grid, uniform_) & 0xffffu;
        default:
            return valueBits(bits, grid, uniform_);
    }
}

// Uniform numbers in [0, 1) for the four elements of a quad, whose number in the tensor counts.
vec4 uniforms(uint quad) {
    if (!isStochastic) return vec4(0.0);
    const uint low = push.firstLow + quad;
    const uint high = push.firstHigh + uint(low < quad);
    return philoxUniforms(philoxBits(uvec2(push.seedLow, push.seedHigh), uvec2(low, high)));
}

void main() {
    const uint quad = invocationIndex();
    if (4u * quad >= push.elements) return;
    const uvec4 bits = loadQuad(push.data, quad);
    const vec4 random = uniforms(quad);
    uvec4 codes;
    for (uint i = 0u; i < 4u; ++i)
        codes[i] = encoded(bits[i], gridOf(min(4u * quad + i, push.elements - 1u)), random[i]);
    if (output_ == writeF32) {
        for (uint i = 0u; i < 4u; ++i) push.quantized.at[4u * quad + i] = codes[i];
    } else if (output_ == writeCode8) {
        push.quantized.at[quad] = codes.x | codes.y << 8 | codes.z << 16 | codes.w << 24;
    } else {
        push.quantized.at[2u * quad] = codes.x | codes.y << 16;
        push.quantized.at[2u * quad + 1u] = codes.z | codes.w << 16;
    }
}
