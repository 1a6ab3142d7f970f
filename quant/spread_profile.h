#pragma once

#include "quant/float_bits.h"
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
    double squaresBelow(double magnitude) const {
        const double t = position(magnitude);
        return count * (first * first * spread.countBelow(t) + 2 * first * width * spread.sumBelow(t) +
                        width * width * spread.squaresBelow(t));
    }
};

// Count, sum and sum of squares of some magnitudes.
struct Moments {
    double count = 0, sum = 0, squares = 0;
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

    // Of the elements at or below a magnitude, and of all. Costs a search among the bins.
    Moments upTo(double magnitude) const;
    const Moments& total() const { return m_total; }
    // The smallest float up to the largest magnitude at which a monotone predicate (of a double) holds; it
    // holds at the largest.
    template <class Predicate>
    float smallest(const Predicate& holds) const;

    double energy() const { return m_total.squares; }  // Σx²

private:
    std::vector<SpreadBin> m_bins;
    std::vector<Moments> m_before;  // of the bins below each, and of all but the largest element
    float m_largest = 0;
    double m_elements = 0;
    Moments m_total;
};

template <class Predicate>
float SpreadProfile::smallest(const Predicate& holds) const {
    uint32_t low = 0, high = magnitudeBits(m_largest);
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (holds(double{fromBits(middle)}))
            high = middle;
        else
            low = middle + 1;
    }
    return fromBits(low);
}

}  // namespace quant
