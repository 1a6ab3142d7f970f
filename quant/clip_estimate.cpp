#include "quant/clip_estimate.h"

#include "quant/float_bits.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

// A search over ratios to a largest clip: `points` of them, logarithmic, from 2^lowest to 2^highest, then
// finer ones around the best.
constexpr int coarsePoints = 128, finePoints = 9, fineRounds = 5;
constexpr double lowestOctave = -12;
constexpr int affinePoints = 20, affineRounds = 6;
constexpr double affineOctaves = 5;

// The argument in exponents of two with the least value.
template <class Function>
double leastExponent(double lowest, double highest, const Function& errorAt) {
    double best = highest, least = errorAt(std::exp2(highest));
    const auto tryAt = [&](double exponent) {
        const double error = errorAt(std::exp2(exponent));
        if (error < least) least = error, best = exponent;
    };
    double spacing = (highest - lowest) / (coarsePoints - 1);
    for (int i = 0; i < coarsePoints; ++i) tryAt(highest - spacing * i);
    for (int round = 0; round < fineRounds; ++round) {
        const double centre = best;
        for (int i = 0; i < finePoints; ++i)
            tryAt(std::min(centre + spacing * (2.0 * i / (finePoints - 1) - 1), highest));
        spacing *= 2.0 / (finePoints - 1);
    }
    return best;
}

Clip scaledBy(const Clip& range, double highExponent, double lowExponent) {
    return {static_cast<float>(range.high * std::exp2(highExponent)),
            static_cast<float>(range.low * std::exp2(lowExponent))};
}

Clip leastErrorRange(const Clip& range, const ProfileError& errors, const NumberFormat& format) {
    double bestHigh = 0, bestLow = 0, least = errors.at(range.on(format));
    const auto tryAt = [&](double high, double low) {
        const double error = errors.at(scaledBy(range, high, low).on(format));
        if (error < least) least = error, bestHigh = high, bestLow = low;
    };
    double spacing = affineOctaves / (affinePoints - 1);
    for (int i = 0; i < affinePoints; ++i) {
        for (int j = 0; j < affinePoints; ++j) tryAt(-spacing * i, -spacing * j);
    }
    for (int round = 0; round < affineRounds; ++round, spacing /= 2) {
        const double high = bestHigh, low = bestLow;
        for (const double up : {-0.5, 0.0, 0.5}) {
            for (const double down : {-0.5, 0.0, 0.5})
                tryAt(std::min(high + up * spacing, 0.0), std::min(low + down * spacing, 0.0));
        }
    }
    return scaledBy(range, bestHigh, bestLow);
}

// Σ (|x| - clip) over the elements of a side beyond the clip.
double excessOver(const SpreadProfile& side, double clip) {
    const Moments within = side.upTo(clip);
    return std::max(side.total().sum - within.sum - clip * (side.total().count - within.count), 0.0);
}

// The smallest clip of a side whose excess is at most t.
double clipWithExcess(const SpreadProfile& side, double t) {
    uint32_t low = 0, high = magnitudeBits(side.largest());
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (excessOver(side, fromBits(middle)) <= t)
            high = middle;
        else
            low = middle + 1;
    }
    return fromBits(high);
}

}  // namespace

Clip leastErrorClip(const Profile& profile, const ProfileError& errors, const NumberFormat& format) {
    if (format.isAffine) return leastErrorRange(largestClip(profile, format), errors, format);
    const double largest = largestClip(profile, format).high;
    if (largest == 0) return {};
    // Beyond the largest element a float's levels fall differently among the others.
    const double highest = format.spacing == Spacing::Float ? 1 : 0;
    const auto clipAt = [&](double ratio) {
        return static_cast<float>(std::min(largest * ratio, 0x1.fffffep127));
    };
    const double exponent = leastExponent(lowestOctave, highest,
                                          [&](double ratio) { return errors.at({format, clipAt(ratio)}); });
    return {clipAt(std::exp2(exponent))};
}

Clip twoSidedOctavClip(const ProfileError& errors, const NumberFormat& format) {
    const SpreadProfile &above = errors.side(Sides::Positive), &below = errors.side(Sides::Negative);
    const double levels = format.largest() - format.smallest();
    const double factor = 1 / (12 * levels * levels);
    // Half the derivative along either end, less the excess: falls with it.
    const auto isAbove = [&](double excess) {
        const double high = clipWithExcess(above, excess), low = clipWithExcess(below, excess);
        return factor * (high + low) * (above.upTo(high).count + below.upTo(low).count) > excess;
    };
    double low = 0, high = std::max(above.total().sum, below.total().sum);
    constexpr int steps = 100;
    for (int i = 0; i < steps && low < high; ++i) {
        const double middle = (low + high) / 2;
        (isAbove(middle) ? low : high) = middle;
    }
    return {static_cast<float>(clipWithExcess(above, high)),
            -static_cast<float>(clipWithExcess(below, high))};
}

PowerOfTwoClips powerOfTwoClips(const NumberFormat& format, float clip) {
    if (!(clip > 0)) return {0, 0};
    const auto level = static_cast<float>(format.clipLevel());
    const float scale = clip / level;
    const float below = std::ldexp(1.0f, std::ilogb(scale));
    return {below * level, (below < scale ? 2 * below : below) * level};
}

}  // namespace quant
