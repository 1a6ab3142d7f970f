#pragma once

#include "quant/linear_spread.h"
#include "quant/profile.h"

#include <cstdint>
#include <vector>

namespace quant {

// Some elements of a profile's bin, spread over magnitudes from `first` on.
struct SpreadBin {
    double first, width, count;
    LinearSpread spread;

    double end() const { return first + width; }
    double position(double magnitude) const {
        return width > 0 ? (magnitude - first) / width : (magnitude < first ? -1.0 : 2.0);
    }
    double countBelow(double magnitude) const { return count * spread.countBelow(position(magnitude)); }
    double sumBelow(double magnitude) const {
        const double t = position(magnitude);
        return count * (first * spread.countBelow(t) + width * spread.sumBelow(t));
    }
};

// The nonzero magnitudes of a profile as a density: each bin's elements are spread linearly to fit its count
// and sum, which are exact, and the largest, which is known, stays a single element. Counts and sums up to a
// bin's edge are those of the data; inside a bin (an eighth of an octave at most) they follow smooth data to
// second order.
class SpreadProfile {
public:
    SpreadProfile(const Profile& profile, Sides sides);

    const std::vector<SpreadBin>& bins() const { return m_bins; }  // rising, the largest element left out
    float largest() const { return m_largest; }                    // 0: there are no elements
    double elements() const { return m_elements; }

    // Elements at or below a magnitude, and the sum of those above it.
    double countBelow(double magnitude) const;
    double sumAbove(double magnitude) const;

private:
    std::vector<SpreadBin> m_bins;
    float m_largest = 0;
    double m_elements = 0;
};

}  // namespace quant
