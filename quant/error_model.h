#pragma once

#include "quant/profile.h"

#include <cstdint>
#include <vector>

namespace quant {

// The modelled error of a clip, J(s) = (1/N) [γ s² #{0<|x|<=s} + Σ_{|x|>s} (|x| - s)²], from a profile alone.
// Counts and first moments are the profile's; inside a bin (an eighth of an octave at most) the second moment
// is that of an even spread around the bin's mean. On the tail's squared sum this is off by less than
// 1/3·(1/8)² < 0.6% per bin, far less on smooth data.
class ErrorModel {
public:
    // inverseNoiseFactor: 1/γ. N counts all finite elements, zeros too.
    ErrorModel(const Profile& profile, Sides sides, uint64_t inverseNoiseFactor);

    // Mean squared error at clip s >= 0; 0 for an empty tensor.
    double at(double clip) const;

private:
    struct Tail {  // of the elements in the bins from here on
        double count = 0, sum = 0, squares = 0;
    };
    std::vector<Tail> m_tails;
    std::vector<double> m_counts;
    double m_gamma, m_elements;
};

}  // namespace quant
