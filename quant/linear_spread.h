#pragma once

#include <algorithm>

namespace quant {

// The elements of a bin spread linearly to fit their mean: over position t in [0, 1] of the bin the density
// is 1 + slope·(2t - 1), which never falls below zero. A mean outside [1/3, 2/3] takes the steepest slope.
struct LinearSpread {
    double slope;
    explicit LinearSpread(double mean) : slope(std::clamp(6 * mean - 3, -1.0, 1.0)) {}

    // ∫ from 0 to t of the density, of t times it, and of t² times it.
    double countBelow(double t) const { return t + slope * (t * t - t); }
    double sumBelow(double t) const { return t * t / 2 + slope * (2 * t * t * t / 3 - t * t / 2); }
    double squaresBelow(double t) const {
        return t * t * t / 3 + slope * (t * t * t * t / 2 - t * t * t / 3);
    }
};

}  // namespace quant
