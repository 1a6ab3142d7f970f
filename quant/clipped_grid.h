#pragma once

#include "quant/number_format.h"

#include <cstdint>

namespace quant {

// A number format scaled to the data: what quantizes one tensor, channel, group or block.
struct ClippedGrid {
    NumberFormat format;
    float clip =
        0;  // where clipLevel() lies (0: everything is quantized to 0); affine: the upper end of the range
    float low = 0;  // affine: the lower end, at most 0

    // The grid of a format with a fixed scale; others: with its largest level at `clip`.
    static ClippedGrid at(const NumberFormat& format, float clip);

    // The step between codes, or the scale of element values, rounded to float. Affine: the range over the
    // codes, at most the largest float.
    float step() const;
    // Affine: the code that stands for 0, so that low and clip lie on the first and last code; else 0.
    int32_t zeroPoint() const;
    // Q(x) in double: scale times the element nearest to x / scale. x: finite.
    double quantize(double x) const;
    // The least value that is not clipped; the largest is `clip`.
    float lowestKept() const { return format.isAffine ? low : format.isSigned ? -clip : 0.0f; }
};

}  // namespace quant
