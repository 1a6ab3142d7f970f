// Modelled quantization error from the magnitude histogram. Source: Sakr et al., ICML 2022, equation 3.
#include "quant/error_model.h"

#include "quant/float_bits.h"

#include <algorithm>

namespace quant {

namespace {

double firstOf(uint32_t bin) {
    return fromBits(bin << 20);
}
double endOf(uint32_t bin) {
    return bin + 1 == Profile::finiteBins ? 0x1p128 : static_cast<double>(fromBits((bin + 1) << 20));
}

}  // namespace

ErrorModel::ErrorModel(const Profile& profile, Sides sides, uint64_t inverseNoiseFactor)
    : m_tails(Profile::finiteBins + 1),
      m_counts(Profile::finiteBins),
      m_gamma(1.0 / static_cast<double>(inverseNoiseFactor)),
      m_elements(static_cast<double>(profile.finite())) {
    for (uint32_t bin = Profile::finiteBins; bin-- > 0;) {
        Tail& tail = m_tails[bin] = m_tails[bin + 1];
        const auto count = static_cast<double>(profile.count(bin, sides));
        if (count == 0) continue;
        m_counts[bin] = count;
        const auto sum = static_cast<double>(profile.sum(bin, sides).approximate() * oneUnit);
        const double mean = sum / count;
        // Vanishes at the edges, w²/12 in the middle: what an even spread around the mean can be.
        const double variance = std::max((mean - firstOf(bin)) * (endOf(bin) - mean) / 3, 0.0);
        tail.count += count;
        tail.sum += sum;
        tail.squares += count * (mean * mean + variance);
    }
}

double ErrorModel::at(double clip) const {
    if (m_elements == 0) return 0;
    const uint32_t bin = std::min(magnitudeBits(static_cast<float>(clip)) >> 20, Profile::finiteBins - 1);
    const Tail& tail = m_tails[bin + 1];
    const double share = std::clamp((endOf(bin) - clip) / (endOf(bin) - firstOf(bin)), 0.0, 1.0);
    const double split = m_counts[bin] * share;
    const double width = std::max(endOf(bin) - clip, 0.0);
    const double inside = m_tails[0].count - tail.count - split;
    const double beyond =
        tail.squares - 2 * clip * tail.sum + clip * clip * tail.count + split * width * width / 3;
    return (m_gamma * clip * clip * inside + std::max(beyond, 0.0)) / m_elements;
}

}  // namespace quant
