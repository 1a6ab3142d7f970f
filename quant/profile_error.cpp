#include "quant/profile_error.h"

#include <algorithm>

namespace quant {

namespace {

// Levels of a side that are looked at one by one.
constexpr uint32_t mostLevels = 1024;

// Σ (x - level)² of the elements between two places.
double squaresAround(double level, const Moments& below, const Moments& upTo) {
    const double squares = upTo.squares - below.squares;
    const double error =
        squares - 2 * level * (upTo.sum - below.sum) + level * level * (upTo.count - below.count);
    // What is left of elements at the level itself is rounding, of either sign.
    return std::max(error, 0.0);
}

}  // namespace

ProfileError::ProfileError(const Profile& profile)
    : m_above(profile, Sides::Positive),
      m_below(profile, Sides::Negative),
      m_zeros(static_cast<double>(profile.zeros())),
      m_elements(static_cast<double>(profile.finite())) {
    if (profile.finite() > 0 && profile.min() == profile.max()) m_constant = profile.max();
}

double ProfileError::levelsError(const SpreadProfile& side, const std::vector<double>& levels, double step) {
    double error = 0;
    Moments below;
    for (size_t i = 0; i < levels.size() && below.count < side.elements(); ++i) {
        const bool isLast = i + 1 == levels.size();
        const Moments upTo = isLast ? side.total() : side.upTo(step * (levels[i] + levels[i + 1]) / 2);
        error += squaresAround(step * levels[i], below, upTo);
        below = upTo;
    }
    return error;
}

// Up to a power of two the levels one by one, from there on the noise of each bin's binade.
double ProfileError::floatError(const SpreadProfile& side, const NumberFormat& format, double step) {
    // A power of two in every format of up to ten mantissa bits.
    const double border = step * format.decode(mostLevels), largest = step * format.largest();
    const Moments low = side.upTo(border);
    double error = 0;
    Moments below;
    for (uint32_t code = 0; code < mostLevels && below.count < low.count; ++code) {
        const double level = step * format.decode(code), next = step * format.decode(code + 1);
        const Moments upTo = code + 1 == mostLevels ? low : side.upTo((level + next) / 2);
        error += squaresAround(level, below, upTo);
        below = upTo;
    }
    const auto addNoise = [&](double magnitude, double count) {
        const double spacing = step * format.spacingAt(magnitude / step);
        error += count * spacing * spacing / 12;
    };
    for (const SpreadBin& bin : side.bins()) {
        if (bin.first >= border) addNoise(bin.first, bin.countBelow(largest));
    }
    if (side.largest() > border && side.largest() <= largest) addNoise(double{side.largest()}, 1);
    return error + squaresAround(largest, side.upTo(largest), side.total());
}

double ProfileError::uniformError(const SpreadProfile& side, double levels, double step) {
    const double largest = levels * step;
    const Moments inside = side.upTo(largest);
    return inside.count * step * step / 12 + squaresAround(largest, inside, side.total());
}

double ProfileError::sideError(const SpreadProfile& side, bool isNegative, const ClippedGrid& grid) {
    const NumberFormat& format = grid.format;
    const auto step = static_cast<double>(grid.step());
    if (step == 0) return side.energy();
    if (format.spacing != Spacing::Uniform) {
        return format.positiveLevelCount() > mostLevels ? floatError(side, format, step)
                                                        : levelsError(side, format.positiveLevels(), step);
    }
    const double zero = grid.zeroPoint();
    const double levels = isNegative ? zero - format.smallest() : format.largest() - zero;
    if (levels > mostLevels) return uniformError(side, levels, step);
    std::vector<double> all;
    for (double level = 0; level <= levels; ++level) all.push_back(level);
    return levelsError(side, all, step);
}

double ProfileError::at(const ClippedGrid& grid) const {
    if (m_constant) {
        // The product of step and element is rounded to float, as in the kernels.
        const double error = double{static_cast<float>(grid.quantize(*m_constant))} - double{*m_constant};
        return m_elements * error * error;
    }
    const double atZero = grid.format.spacing == Spacing::Binary ? static_cast<double>(grid.step()) : 0.0;
    return sideError(m_above, false, grid) + sideError(m_below, true, grid) + m_zeros * atZero * atZero;
}

}  // namespace quant
