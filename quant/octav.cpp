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

float octavRoot(const SpreadProfile& spread, uint64_t inverseNoiseFactor) {
    const double gamma = 1.0 / static_cast<double>(inverseNoiseFactor);
    return spread.smallest([&](double s) {
        const Moments within = spread.upTo(s);
        const double above = spread.total().count - within.count;
        return gamma * s * within.count - (spread.total().sum - within.sum - s * above) >= 0;
    });
}

std::vector<double> octavIterates(double first, uint64_t inverseNoiseFactor, float root,
                                  const std::function<ClipSplit(double)>& splitAt) {
    constexpr size_t maxSteps = 64;
    const double gamma = 1.0 / static_cast<double>(inverseNoiseFactor), target = root;
    const auto isRoot = [&](double s) {
        return static_cast<float>(s) == root || std::abs(s - target) <= 0x1p-23 * target;
    };
    std::vector<double> iterates;
    double below = 0, above = HUGE_VAL;  // the root lies between
    for (double s = first; s > 0;) {
        iterates.push_back(s);
        if (isRoot(s) || iterates.size() == maxSteps) break;
        (s < target ? below : above) = s;
        const ClipSplit split = splitAt(s);
        const double next = split.sumBeyond / (gamma * split.inside + split.beyond);
        s = next > below && next < above ? next : target;
    }
    return iterates;
}

std::vector<double> octavIterates(const Profile& profile, Sides sides, uint64_t inverseNoiseFactor) {
    const SpreadProfile spread(profile, sides);
    const auto splitAt = [&](double s) -> ClipSplit {
        const Moments &within = spread.upTo(s), &all = spread.total();
        return {within.count, all.count - within.count, all.sum - within.sum};
    };
    return octavIterates(profile.meanMagnitude(sides), inverseNoiseFactor,
                         octavRoot(spread, inverseNoiseFactor), splitAt);
}

}  // namespace quant
