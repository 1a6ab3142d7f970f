#pragma once

#include "quant/clip.h"
#include "quant/clip_rule.h"
#include "quant/error_pass.h"
#include "quant/error_search.h"
#include "quant/metric_context.h"
#include "quant/profile.h"
#include "quant/profile_pass.h"
#include "quant/tensor_stream.h"

#include <span>
#include <vector>

namespace quant {

// Finds the clips of whole tensors. One read gives the profile; as a rule one or two more, for eight requests
// at a time, split the bins that straddle an answer until it is exact. Method entropy counts once more, in
// equal bins; method mse measures besides, and so does octav where the error has no closed form (floats) or
// by a metric; scales that must be powers of two are chosen by measuring. octav on affine formats answers
// from the profile (twoSidedOctavClip) but by a metric, where it is mse. clip_rule.h says what a request
// means.
class ClipSearch {
public:
    // metric: what the searches of octav and mse make least, instead of the squared error; must outlive this
    // object.
    ClipSearch(ProfilePass& profiles, ErrorPass& errors, const MetricContext* metric = nullptr)
        : m_profiles(profiles), m_errors(errors), m_metric(metric) {}

    // Clips in request order. 0 for a tensor without nonzero finite elements (on an unsigned grid: above
    // zero), but where the format fixes its scale. Formats that are not block-scaled.
    std::vector<Clip> find(TensorStream& stream, const Profile& profile,
                           std::span<const ClipRequest> requests);

private:
    std::vector<Clip> findExact(TensorStream& stream, const Profile& profile,
                                std::span<const ClipRequest> requests);
    void findByEntropy(TensorStream& stream, const Profile& profile, std::span<const ClipRequest> requests,
                       std::vector<Clip>& clips);
    void findByError(TensorStream& stream, const Profile& profile, std::span<const ClipRequest> requests,
                     std::vector<Clip>& clips);
    void roundScales(TensorStream& stream, const Profile& profile, std::span<const ClipRequest> requests,
                     std::vector<Clip>& clips);

    std::vector<double> measure(TensorStream& stream, const Profile& profile,
                                std::span<const TriedGrid> grids);
    ClipRule ruleOf(const ClipRequest& request) const;

    ProfilePass& m_profiles;
    ErrorPass& m_errors;
    const MetricContext* m_metric;
};

}  // namespace quant
