#pragma once

#include "quant/error_pass.h"
#include "quant/method.h"
#include "quant/profile.h"
#include "quant/profile_pass.h"
#include "quant/tensor_stream.h"
#include "quant/uniform_grid.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quant {

// A clip to find: a method on a grid.
struct ClipRequest {
    Method method;
    UniformGrid grid;

    // Answered exactly by descending the levels of the profile.
    bool isDescended() const { return isOctav() || method.kind == MethodKind::Percentile; }
    bool isOctav() const { return method.kind == MethodKind::Octav || method.kind == MethodKind::OctavPaper; }
    // 1/γ of the modelled error that an octav method minimises.
    uint64_t inverseNoiseFactor() const {
        return method.kind == MethodKind::OctavPaper ? grid.paperInverseNoiseFactor()
                                                     : grid.inverseNoiseFactor();
    }
    Sides sides() const { return grid.isSigned ? Sides::Both : Sides::Positive; }
};

// The largest magnitude that a grid can meet: on an unsigned one the largest element above zero, 0 for none.
float largestClip(const Profile& profile, const UniformGrid& grid);

// Finds the clips of whole tensors. One read gives the profile; as a rule one or two more, for eight requests
// at a time, split the bins that straddle an answer until it is exact; method entropy
// counts once more, in equal bins, and method mse measures besides.
class ClipSearch {
public:
    ClipSearch(ProfilePass& profiles, ErrorPass& errors) : m_profiles(profiles), m_errors(errors) {}

    // Clips in request order; 0 for a tensor without nonzero finite elements (on an unsigned grid: above
    // zero).
    std::vector<float> find(TensorStream& stream, const Profile& profile,
                            std::span<const ClipRequest> requests);

private:
    std::vector<float> findExact(TensorStream& stream, const Profile& profile,
                                 std::span<const ClipRequest> requests);
    void findByEntropy(TensorStream& stream, const Profile& profile, std::span<const ClipRequest> requests,
                       std::span<float> clips);
    std::vector<float> findByError(TensorStream& stream, const Profile& profile,
                                   std::span<const UniformGrid> grids, std::span<const float> known);

    ProfilePass& m_profiles;
    ErrorPass& m_errors;
};

}  // namespace quant
