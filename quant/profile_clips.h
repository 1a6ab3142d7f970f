#pragma once

#include "quant/clip_search.h"
#include "quant/linear_histogram.h"
#include "quant/profile_error.h"
#include "quant/spread_profile.h"

#include <optional>

namespace quant {

// A clip found from a profile alone, and what the format would cost by ProfileError's estimate.
struct ProfileClip {
    float clip = 0;
    double mse = 0;                // over all finite elements
    std::optional<double> sqnrDb;  // none when Σx² or the error is 0
};

// Clips of a tensor of which only the profile is at hand, for integers around zero with a free scale and for
// binary. Precision, by method:
//
// max is exact. percentile lies in the same bin of the profile as the exact one, so within 12.5 % of it at
// worst (subnormals: within 2^-129), and within two thousandths where the bin is well filled and smooth.
//
// octav and octav-paper: the root of h with the bin's density in place of its elements. h is exact at the
// bin's edges: again the same bin, 12.5 % at worst, and a few thousandths on smooth data.
//
// entropy: of the histogram that linearHistogram() estimates. The divergence is flat around its minimum: a
// few percent of the clip on large smooth tensors, and nothing sure on small or discrete ones.
//
// mse: leastErrorClip().
class ProfileClips {
public:
    // The profile must outlive the object.
    ProfileClips(const Profile& profile, bool isSigned);

    // request.format.isSigned is that of the constructor.
    ProfileClip find(const ClipRequest& request);

private:
    double clipOf(const ClipRequest& request);
    double octavClip(const ClipRequest& request) const;
    double octavRoot(double gamma) const;
    double percentile(const Percentile& percentile) const;

    const Profile& m_profile;
    ProfileError m_errors;
    SpreadProfile m_spread, m_both;
    LinearHistogram m_histogram;
};

}  // namespace quant
