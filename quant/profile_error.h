#pragma once

#include "quant/clipped_grid.h"
#include "quant/profile.h"
#include "quant/spread_profile.h"

#include <optional>
#include <vector>

namespace quant {

// The error of the real quantizer, for any number format, estimated from a profile alone: counts and sums of
// the profile's bins (an eighth of an octave) are exact, inside a bin elements are spread as SpreadProfile
// does. On smooth data the estimate is within a percent or two of the measured error; data that hold few
// distinct values (quantized before) may be estimated far off, but for constants, whose error is exact.
class ProfileError {
public:
    explicit ProfileError(const Profile& profile);

    // Σ (Q(x) - x)² over the finite elements. Each level is looked at, some 50 ns, where a side has at most
    // 1,024. Of integers with more the noise of a uniform spread, step²/12, is taken inside the clip; of
    // floats with more it is taken above the lowest 1,024, with the step of each binade: 100 µs at most.
    double at(const ClippedGrid& grid) const;

    // The magnitudes above zero (Sides::Positive) or below it.
    const SpreadProfile& side(Sides sides) const { return sides == Sides::Negative ? m_below : m_above; }

    // Σ x² over the finite elements.
    double energy() const { return m_above.energy() + m_below.energy(); }

private:
    // Of the magnitudes of one side, quantized to step·levels[0], step·levels[1], ….
    static double levelsError(const SpreadProfile& side, const std::vector<double>& levels, double step);
    static double uniformError(const SpreadProfile& side, double levels, double step);
    static double floatError(const SpreadProfile& side, const NumberFormat& format, double step);
    static double sideError(const SpreadProfile& side, bool isNegative, const ClippedGrid& grid);

    SpreadProfile m_above, m_below;
    double m_zeros = 0, m_elements = 0;
    std::optional<float> m_constant;  // the one value of all finite elements
};

}  // namespace quant
