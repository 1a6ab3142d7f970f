#include "quant/profile_clips.h"

#include "quant/entropy.h"
#include "quant/float_bits.h"
#include "quant/profile_clip.h"

#include <cmath>

namespace quant {

namespace {

// The smallest float magnitude up to `largest` at which a monotone predicate holds; it holds at `largest`.
template <class Predicate>
float smallestMagnitude(float largest, Predicate&& holds) {
    uint32_t low = 0, high = magnitudeBits(largest);
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (holds(double{fromBits(middle)}))
            high = middle;
        else
            low = middle + 1;
    }
    return fromBits(low);
}

}  // namespace

ProfileClips::ProfileClips(const Profile& profile, bool isSigned)
    : m_profile(profile),
      m_errors(profile),
      m_spread(profile, isSigned ? Sides::Both : Sides::Positive),
      m_both(profile, Sides::Both) {}

// Where h(s) = γ·s·#{|x|<=s} - Σ_{|x|>s}(|x| - s) turns positive.
double ProfileClips::octavRoot(double gamma) const {
    return double{smallestMagnitude(m_spread.largest(), [&](double s) {
        const double below = m_spread.countBelow(s), above = m_spread.elements() - below;
        return gamma * s * below - (m_spread.sumAbove(s) - s * above) >= 0;
    })};
}

double ProfileClips::octavClip(const ClipRequest& request) const {
    if (request.format.hasNoiseFactor())
        return octavRoot(1 / static_cast<double>(request.inverseNoiseFactor()));
    // Binary: the mean magnitude, zeros counted.
    return m_profile.meanMagnitude(Sides::Both) * static_cast<double>(m_profile.nonzero(Sides::Both)) /
           static_cast<double>(m_profile.finite());
}

// Of n elements spread over a bin the k-th is expected at the quantile (k - ½)/n.
double ProfileClips::percentile(const Percentile& percentile) const {
    const uint64_t rank = percentile.rank(m_profile.finite());
    if (rank <= m_profile.zeros()) return 0;
    if (rank == m_profile.finite()) return double{m_both.largest()};
    const double wanted = static_cast<double>(rank - m_profile.zeros()) - 0.5;
    return double{
        smallestMagnitude(m_both.largest(), [&](double s) { return m_both.countBelow(s) >= wanted; })};
}

double ProfileClips::clipOf(const ClipRequest& request) {
    const float largest = m_spread.largest();
    if (largest == 0) return 0;
    if (request.method.kind == MethodKind::Mse)
        return double{leastErrorClip(m_profile, m_errors, request.format).high};
    const bool isConstant = m_profile.min() == m_profile.max();
    if (isConstant || request.method.kind == MethodKind::Max) return double{largest};
    if (request.isOctav()) return octavClip(request);
    if (request.method.kind == MethodKind::Percentile) return percentile(*request.method.percentile);
    if (m_histogram.empty()) m_histogram = linearHistogram(m_spread);
    return double{entropyClip(m_histogram, request.format, largest)};
}

ProfileClip ProfileClips::find(const ClipRequest& request) {
    ProfileClip result;
    result.clip = static_cast<float>(clipOf(request));
    if (m_profile.finite() == 0) return result;
    const double error = m_errors.at(ClippedGrid{request.format, result.clip});
    result.mse = error / static_cast<double>(m_profile.finite());
    if (error > 0 && m_errors.energy() > 0) result.sqnrDb = 10 * std::log10(m_errors.energy() / error);
    return result;
}

}  // namespace quant
