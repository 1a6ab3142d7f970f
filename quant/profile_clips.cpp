#include "quant/profile_clips.h"

#include "quant/clip_estimate.h"
#include "quant/entropy.h"
#include "quant/octav.h"

#include <cmath>

namespace quant {

namespace {

// The magnitude with `rank` of all finite elements at or below it, of which `others` are not in the spread.
float magnitudeOfRank(const SpreadProfile& spread, uint64_t rank, uint64_t others) {
    if (rank <= others) return 0;
    // Of n elements spread over a bin the k-th is expected at the quantile (k - ½)/n.
    const double wanted = static_cast<double>(rank - others) - 0.5;
    if (wanted > spread.elements() - 1) return spread.largest();
    return spread.smallest([&](double s) { return spread.upTo(s).count >= wanted; });
}

}  // namespace

ProfileClips::ProfileClips(const Profile& profile)
    : m_profile(profile), m_both(profile, Sides::Both), m_errors(profile) {}

const SpreadProfile& ProfileClips::spread(const ClipRequest& request) const {
    return request.format.isSigned ? m_both : m_errors.side(Sides::Positive);
}

Clip ProfileClips::percentile(const ClipRequest& request) const {
    const uint64_t rank = request.method.percentile->rank(m_profile.finite());
    const auto of = [&](const SpreadProfile& side, Sides sides) {
        return magnitudeOfRank(side, rank, m_profile.finite() - m_profile.nonzero(sides));
    };
    if (!request.format.isAffine) return {of(m_both, Sides::Both)};
    return {of(m_errors.side(Sides::Positive), Sides::Positive),
            -of(m_errors.side(Sides::Negative), Sides::Negative)};
}

Clip ProfileClips::entropy(const ClipRequest& request) {
    const SpreadProfile& elements = spread(request);
    LinearHistogram& counts = request.format.isSigned ? m_bothCounts : m_positiveCounts;
    if (counts.empty()) counts = linearHistogram(elements);
    return {entropyClip(counts, request.format, elements.largest())};
}

Clip ProfileClips::clipOf(const ClipRequest& request) {
    const auto& [method, format] = request;
    if (format.fixedScale()) return {ClippedGrid::at(format, 0).clip};
    const Clip largest = largestClip(m_profile, format);
    const bool isConstant = m_profile.min() == m_profile.max();
    if (largest == Clip() || isConstant || method.kind == MethodKind::Max) return largest;
    if (method.kind == MethodKind::Percentile) return percentile(request);
    if (method.kind == MethodKind::Entropy) return entropy(request);
    if (method.kind == MethodKind::Mse || format.spacing == Spacing::Float)
        return leastErrorClip(m_profile, m_errors, format);
    if (format.isAffine) return twoSidedOctavClip(m_errors, format);
    if (format.spacing == Spacing::Binary)
        return {static_cast<float>(m_both.total().sum / static_cast<double>(m_profile.finite()))};
    return {octavRoot(spread(request), request.inverseNoiseFactor())};
}

// As ClipSearch rounds scales.
Clip ProfileClips::withPossibleScale(const ClipRequest& request, Clip clip) const {
    const auto& [method, format] = request;
    if (format.scaleRule != ScaleRule::PowerOfTwo || clip.high == 0) return clip;
    const auto [below, above] = powerOfTwoClips(format, clip.high);
    if (method.kind == MethodKind::Max) return {above};
    return {m_errors.at({format, below}) < m_errors.at({format, above}) ? below : above};
}

ProfileClip ProfileClips::find(const ClipRequest& request) {
    ProfileClip result;
    result.clip = withPossibleScale(request, clipOf(request));
    if (m_profile.finite() == 0) return result;
    const double error = m_errors.at(result.clip.on(request.format)), energy = m_errors.energy();
    result.mse = error / static_cast<double>(m_profile.finite());
    if (error > 0 && energy > 0) result.sqnrDb = 10 * std::log10(energy / error);
    return result;
}

}  // namespace quant
