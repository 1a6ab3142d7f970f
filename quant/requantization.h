#pragma once

#include "quant/gemm_type.h"

#include <cstdint>

namespace quant {

// A real multiplier as integers: multiplier / 2^shift, with a multiplier of 31 bits and a shift of 1 to 62
// (B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
// Inference", 2018, section 2.2).
struct FixedMultiplier {
    int32_t multiplier = 0;
    int32_t shift = 1;
};

// The nearest one: error at most 2^-31 of the value or 2^-63, whichever is larger. Throws
// std::invalid_argument for what is not positive, or not below 2^30.
FixedMultiplier fixedMultiplier(double value);

// total * multiplier / 2^shift to the nearest integer, halves upwards, saturating at 32 bits.
constexpr int32_t scaledByFixed(int32_t total, FixedMultiplier by) {
    const int64_t scaled = (int64_t{total} * by.multiplier + (int64_t{1} << (by.shift - 1))) >> by.shift;
    return static_cast<int32_t>(scaled < INT32_MIN ? INT32_MIN : scaled > INT32_MAX ? INT32_MAX : scaled);
}

}  // namespace quant
