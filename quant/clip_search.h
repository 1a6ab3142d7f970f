#pragma once

#include "quant/clip.h"
#include "quant/error_pass.h"
#include "quant/error_search.h"
#include "quant/method.h"
#include "quant/metric_context.h"
#include "quant/number_format.h"
#include "quant/profile.h"
#include "quant/profile_pass.h"
#include "quant/tensor_stream.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quant {

// A clip to find: a method on a number format.
struct ClipRequest {
    Method method;
    NumberFormat format;

    bool isOctav() const { return method.kind == MethodKind::Octav || method.kind == MethodKind::OctavPaper; }
    // 1/γ of the modelled error that an octav method minimises; needs format.hasNoiseFactor().
    uint64_t inverseNoiseFactor() const {
        return method.kind == MethodKind::OctavPaper ? format.paperInverseNoiseFactor()
                                                     : format.inverseNoiseFactor();
    }
    Sides sides() const { return format.isSigned ? Sides::Both : Sides::Positive; }
};

// Finds the clips of whole tensors. One read gives the profile; as a rule one or two more, for eight requests
// at a time, split the bins that straddle an answer until it is exact. Method entropy counts once more, in
// equal bins; method mse measures besides, and so does octav on formats whose error has no closed form
// (floats, powers of two); octav on affine formats answers from the profile.
class ClipSearch {
public:
    // metric: what the searches of octav and mse make least, instead of the squared error; must outlive this
    // object.
    ClipSearch(ProfilePass& profiles, ErrorPass& errors, const MetricContext* metric = nullptr)
        : m_profiles(profiles), m_errors(errors), m_metric(metric) {}

    // Clips in request order; 0 for a tensor without nonzero finite elements (on an unsigned grid: above
    // zero). Formats that are not block-scaled.
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
    bool isSearched(const ClipRequest& request) const;

    ProfilePass& m_profiles;
    ErrorPass& m_errors;
    const MetricContext* m_metric;
};

}  // namespace quant
