#pragma once

#include "quant/clip_search.h"
#include "quant/linear_histogram.h"
#include "quant/spread_profile.h"

#include <optional>

namespace quant {

// A clip found from a profile alone, and what the grid would cost by the density's model.
struct ProfileClip {
    float clip = 0;
    double mse = 0;                // modelled, over all finite elements
    std::optional<double> sqnrDb;  // modelled; none when Σx² or the error is 0
};

// Clips of a tensor of which only the profile is at hand. Precision, by method:
// - max: exact.
// - percentile: in the same bin of the profile as the exact one, so within 12.5 % of it at worst (the same
// for
//   subnormals, within 2^-129); interpolated in between, within a thousandth where the bin is well filled and
//   smooth.
// - octav, octav-paper: the root of h with the bin's density in place of its elements. h is exact at the
// bin's
//   edges: again the same bin, 12.5 % at worst, and a thousandth or so on smooth data.
// - entropy: of the histogram that linearHistogram() estimates. The divergence is flat around its minimum: a
// few
//   percent of the clip on large smooth tensors, and nothing sure on small or discrete ones.
// - mse: the minimum of modelledGridError, over clips as ClipSearch tries them.
class ProfileClips {
public:
    ProfileClips(const Profile& profile, bool isSigned);

    // request.grid.isSigned is that of the constructor.
    ProfileClip find(const ClipRequest& request);

private:
    double clipOf(const ClipRequest& request);
    double octavRoot(double gamma) const;
    double percentile(const Percentile& percentile) const;
    double leastError(const UniformGrid& grid) const;
    double errorOf(const UniformGrid& grid, double clip) const;

    const Profile& m_profile;
    SpreadProfile m_spread;
    SpreadProfile m_both;
    double m_energy = 0, m_energyBelowZero = 0;  // the latter: on an unsigned grid, what is lost in any case
    LinearHistogram m_histogram;
};

}  // namespace quant
