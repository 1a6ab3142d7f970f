#pragma once

#include "quant/clip_search.h"
#include "quant/linear_histogram.h"
#include "quant/profile_error.h"
#include "quant/spread_profile.h"

#include <optional>

namespace quant {

// A clip found from a profile alone, and what the format would cost by the density's model.
struct ProfileClip {
    Clip clip;
    double mse = 0;                // modelled, over all finite elements
    std::optional<double> sqnrDb;  // modelled; none when Σx² or the error is 0
};

// Clips of a tensor of which only the profile is at hand. Precision, by method:
//
// max is exact. percentile lies in the same bin of the profile as the exact one, so within 12.5 % of it at
// worst (subnormals: within 2^-129), and within two thousandths where the bin is well filled and smooth.
//
// octav and octav-paper: the root of h with the bin's density in place of its elements. h is exact at the
// bin's edges: again the same bin, 12.5 % at worst, and a few thousandths on smooth data. On formats whose
// error has no closed form, as mse.
//
// entropy: of the histogram that linearHistogram() estimates. The divergence is flat around its minimum: a
// few percent of the clip on large smooth tensors, and nothing sure on small or discrete ones.
//
// mse: the minimum of ProfileError, over clips as the search that measures tries them.
class ProfileClips {
public:
    explicit ProfileClips(const Profile& profile);

    // A format that is not block-scaled, with a method that checkMethod() takes.
    ProfileClip find(const ClipRequest& request);

private:
    Clip clipOf(const ClipRequest& request);
    Clip withPossibleScale(const ClipRequest& request, Clip clip) const;
    const SpreadProfile& spread(const ClipRequest& request) const;
    Clip percentile(const ClipRequest& request) const;
    Clip entropy(const ClipRequest& request);

    const Profile& m_profile;
    SpreadProfile m_both;
    ProfileError m_errors;
    LinearHistogram m_bothCounts, m_positiveCounts;
};

}  // namespace quant
