#pragma once

#include "quant/clipped_grid.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tests {

// What the kernels do to an element with a grid, in the float operations that shaders/compute/quantize.glsl
// documents: the element in units of a power of two, its product with the rounded inverse step, the nearest
// element value of the format, its product with the step.
class FloatGrid {
public:
    // largest: the magnitude whose power-of-two scale is used. ErrorPass takes the tensor's largest,
    // QuantizePass the largest clip.
    FloatGrid(const quant::ClippedGrid& grid, float largest);

    // Element value, of affine formats the code less the zero point. Infinities go to the outermost.
    double element(float x) const;
    // Code as QuantizePass writes it into `storedBits` bits.
    uint32_t code(float x, uint32_t storedBits) const;
    // The quantized value in units of 2^-exponent(), unrounded to the tensor's own units.
    double scaledValue(float x) const;
    double value(float x) const;
    int exponent() const { return m_exponent; }
    bool isNothing() const { return m_step == 0; }

private:
    float nearestCast(float x) const;

    quant::ClippedGrid m_grid;
    int m_exponent;
    float m_step = 0, m_inverse = 0;
    double m_zero = 0;
};

// Σ (Q(x) - x)² over the finite elements, by those float operations, summed in double.
double floatSquaredError(std::span<const float> values, const quant::ClippedGrid& grid, float absmax);
// Elements beyond the clip.
uint64_t clippedCount(std::span<const float> values, const quant::ClippedGrid& grid);

}  // namespace tests
