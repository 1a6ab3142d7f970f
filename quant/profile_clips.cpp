#include "quant/profile_clips.h"

#include "quant/entropy.h"
#include "quant/float_bits.h"
#include "quant/grid_error.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

constexpr int coarsePoints = 128, finePoints = 16, fineRounds = 3;
constexpr double octaves = 12;

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
      m_spread(profile, isSigned ? Sides::Both : Sides::Positive),
      m_both(profile, Sides::Both),
      m_energy(m_both.energy()),
      m_energyBelowZero(isSigned ? 0 : std::max(m_energy - m_spread.energy(), 0.0)) {}

// Where h(s) = γ·s·#{|x|<=s} - Σ_{|x|>s}(|x| - s) turns positive.
double ProfileClips::octavRoot(double gamma) const {
    return smallestMagnitude(m_spread.largest(), [&](double s) {
        const double below = m_spread.countBelow(s), above = m_spread.elements() - below;
        return gamma * s * below - (m_spread.sumAbove(s) - s * above) >= 0;
    });
}

// Of n elements spread over a bin the k-th is expected at the quantile (k - ½)/n.
double ProfileClips::percentile(const Percentile& percentile) const {
    const uint64_t rank = percentile.rank(m_profile.finite());
    if (rank <= m_profile.zeros()) return 0;
    if (rank == m_profile.finite()) return m_both.largest();
    const double wanted = static_cast<double>(rank - m_profile.zeros()) - 0.5;
    return smallestMagnitude(m_both.largest(), [&](double s) { return m_both.countBelow(s) >= wanted; });
}

double ProfileClips::errorOf(const UniformGrid& grid, double clip) const {
    return modelledGridError(m_spread, grid, clip) + m_energyBelowZero;
}

double ProfileClips::leastError(const UniformGrid& grid) const {
    const double largest = m_spread.largest();
    double best = largest, least = errorOf(grid, largest), ratio = std::exp2(octaves / coarsePoints);
    const auto attempt = [&](double clip) {
        const double error = errorOf(grid, clip);
        if (error < least) least = error, best = clip;
    };
    for (int i = coarsePoints; i > 0; --i) attempt(largest * std::exp2(-octaves * i / coarsePoints));
    for (int round = 0; round < fineRounds; ++round) {
        const double center = best, step = std::pow(ratio, 2.0 / finePoints);
        for (int i = -finePoints / 2; i <= finePoints / 2; ++i)
            attempt(std::min(center * std::pow(step, i), largest));
        ratio = step;
    }
    return best;
}

double ProfileClips::clipOf(const ClipRequest& request) {
    const float largest = m_spread.largest();
    if (largest == 0) return 0;
    const bool isConstant = m_profile.min() == m_profile.max();
    switch (request.method.kind) {
        case MethodKind::Octav:
        case MethodKind::OctavPaper:
            return isConstant ? double{largest}
                              : octavRoot(1 / static_cast<double>(request.inverseNoiseFactor()));
        case MethodKind::Percentile:
            return isConstant ? double{largest} : percentile(*request.method.percentile);
        case MethodKind::Mse:
            return leastError(request.grid);
        case MethodKind::Entropy:
            if (isConstant) break;
            if (m_histogram.empty()) m_histogram = linearHistogram(m_spread);
            return double{entropyClip(m_histogram, request.grid, largest)};
        case MethodKind::Max:
            break;
    }
    return largest;
}

ProfileClip ProfileClips::find(const ClipRequest& request) {
    ProfileClip result;
    result.clip = static_cast<float>(clipOf(request));
    if (m_profile.finite() == 0) return result;
    const double error = errorOf(request.grid, double{result.clip});
    result.mse = error / static_cast<double>(m_profile.finite());
    if (error > 0 && m_energy > 0) result.sqnrDb = 10 * std::log10(m_energy / error);
    return result;
}

}  // namespace quant
