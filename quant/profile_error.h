#pragma once

#include "quant/clipped_grid.h"
#include "quant/profile.h"

#include <array>
#include <cstdint>
#include <vector>

namespace quant {

// The error of the real quantizer, for any number format, estimated from a profile alone: counts and sums of
// the profile's bins (an eighth of an octave) are exact, inside a bin elements are spread by a density that
// is linear and fits the bin's mean. On smooth data the estimate is within 1% of the measured error; data
// that hold few distinct values (quantized before) may be estimated far off.
class ProfileError {
public:
    explicit ProfileError(const Profile& profile);

    // Σ (Q(x) - x)² over the finite elements. Costs some 20 ns per level up to 1,024 levels a side; beyond,
    // inside the clip, the noise of a uniform spread, spacing²/12, is taken.
    double at(const ClippedGrid& grid) const;

    // Of the elements above zero, or of the magnitudes below it (side: not Both): Σ (|x| - clip) over those
    // beyond the clip, and how many nonzero ones are within.
    double excess(Sides side, double clip) const;
    double countWithin(Sides side, double clip) const { return sideAt(side).upTo(clip).count; }

    // Σ x² over the finite elements.
    double energy() const { return m_sides[0].end.squares + m_sides[1].end.squares; }

private:
    struct Moments {  // of the magnitudes up to some point
        double count = 0, sum = 0, squares = 0;
    };
    struct Bin {
        Moments before;               // of all lower bins
        double low = 0, high = 0;     // where the bin's elements are spread
        double count = 0, slope = 0;  // density 1 + slope·(2t - 1) over t in [0, 1] from low to high
        Moments upTo(double magnitude) const;
    };
    struct Side {
        std::vector<Bin> bins;
        Moments end;
        Moments upTo(double magnitude) const;
    };
    static Side sideOf(const Profile& profile, Sides sides);
    // Of the magnitudes of one side, quantized to 0, step·levels[1], step·levels[2], ….
    static double levelsError(const Side& side, const std::vector<double>& levels, double step);
    static double uniformError(const Side& side, double levels, double step);
    const Side& sideAt(Sides side) const { return m_sides[side == Sides::Negative ? 1 : 0]; }
    double sideError(const Side& side, bool isNegative, const ClippedGrid& grid) const;

    std::array<Side, 2> m_sides;  // above and below zero
    double m_zeros = 0;
};

}  // namespace quant
