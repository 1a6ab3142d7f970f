// OCTAV: the clip that minimises the modelled quantization error γ·s²·#{0<|x|<=s} + Σ_{|x|>s}(|x| - s)².
// Source: Sakr et al., "Optimal Clipping and Magnitude-aware Differentiation for Improved Quantization-aware
// Training", ICML 2022, equations 4 to 7. Here the root of half the derivative, h(s) = γ·s·#{0<|x|<=s} -
// Σ_{|x|>s}(|x| - s), is found exactly: h never decreases, is linear between data and jumps up at data
// values.
#include "quant/octav.h"

#include "quant/float_bits.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

// magnitude * factor in units of 2^-149.
WideInt times(uint32_t bits, const WideInt& factor) {
    return (factor * significandOf(bits)).shiftedLeft(shiftOf(bits));
}

// numerator (in units of 2^-149) / denominator, rounded to the nearest float, ties to even.
uint32_t dividedToNearest(const WideInt& numerator, const WideInt& denominator) {
    const long double guess = numerator.approximate() / denominator.approximate() * oneUnit;
    uint32_t bits = std::min(magnitudeBits(static_cast<float>(guess)), largestFiniteBits);
    // The guess is right to a few units of long double, at most one float away: make it the floor.
    while (bits > 0 && times(bits, denominator) > numerator) --bits;
    while (bits < largestFiniteBits && times(bits + 1, denominator) <= numerator) ++bits;
    if (bits == largestFiniteBits) return bits;
    const auto order = numerator * 2 <=> times(bits, denominator) + times(bits + 1, denominator);
    if (order > 0 || (order == 0 && (bits & 1))) ++bits;
    return bits;
}

}  // namespace

bool OctavPredicate::holds(uint32_t bits, const Tally& tally) const {
    // f·below >= D·(sumAbove - f·above), without negative terms.
    const WideInt gain = times(bits, WideInt(tally.atOrBelow) + WideInt(tally.above) * m_inverseNoiseFactor);
    return gain >= tally.sumAbove * m_inverseNoiseFactor;
}

float octavRoot(uint32_t bits, uint64_t below, uint64_t atOrAbove, const WideInt& sum,
                uint64_t inverseNoiseFactor) {
    if (below == 0 && atOrAbove == 0) return 0;
    const WideInt denominator = WideInt(below) + WideInt(atOrAbove) * inverseNoiseFactor;
    return fromBits(std::min(bits, dividedToNearest(sum * inverseNoiseFactor, denominator)));
}

std::vector<double> octavIterates(const Profile& profile, Sides sides, uint64_t inverseNoiseFactor) {
    constexpr size_t maxSteps = 64;
    constexpr double settled = 0x1p-22;
    std::vector<double> counts(Profile::finiteBins), sums(Profile::finiteBins);
    for (uint32_t bin = 0; bin < Profile::finiteBins; ++bin) {
        counts[bin] = static_cast<double>(profile.count(bin, sides));
        if (counts[bin] > 0) sums[bin] = static_cast<double>(profile.sum(bin, sides).approximate() * oneUnit);
    }
    const double gamma = 1.0 / static_cast<double>(inverseNoiseFactor);
    std::vector<double> iterates;
    double s = profile.meanMagnitude(sides);
    if (s == 0) return iterates;
    iterates.push_back(s);
    while (iterates.size() < maxSteps) {
        const uint32_t split = std::min(magnitudeBits(static_cast<float>(s)) >> 20, Profile::finiteBins - 1);
        const double first = fromBits(split << 20), last = fromBits(((split + 1) << 20) - 1);
        const double share = std::clamp((last - s) / (last - first), 0.0, 1.0);
        double inside = counts[split] * (1 - share), outside = counts[split] * share;
        double sum = outside > 0 ? outside * (s + last) / 2 : 0;
        for (uint32_t bin = 0; bin < split; ++bin) inside += counts[bin];
        for (uint32_t bin = split + 1; bin < Profile::finiteBins; ++bin)
            outside += counts[bin], sum += sums[bin];
        const double next = sum / (gamma * inside + outside);
        iterates.push_back(next);
        // Around a data value where h jumps the recursion may go to and fro for ever.
        const bool isCycle =
            iterates.size() > 2 && std::abs(next - iterates[iterates.size() - 3]) <= settled * s;
        if (isCycle || !(std::abs(next - s) > settled * s)) break;
        s = next;
    }
    return iterates;
}

}  // namespace quant
