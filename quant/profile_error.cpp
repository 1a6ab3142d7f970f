#include "quant/profile_error.h"

#include <algorithm>

namespace quant {

namespace {

constexpr double mostLevels = 1024;

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
      m_zeros(static_cast<double>(profile.zeros())) {}

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

double ProfileError::uniformError(const SpreadProfile& side, double levels, double step) {
    const double largest = levels * step;
    const Moments inside = side.upTo(largest);
    return inside.count * step * step / 12 + squaresAround(largest, inside, side.total());
}

double ProfileError::sideError(const SpreadProfile& side, bool isNegative, const ClippedGrid& grid) {
    const NumberFormat& format = grid.format;
    const auto step = static_cast<double>(grid.step());
    if (step == 0) return side.energy();
    if (format.spacing != Spacing::Uniform) return levelsError(side, format.positiveLevels(), step);
    const double zero = grid.zeroPoint();
    const double levels = isNegative ? zero - format.smallest() : format.largest() - zero;
    if (levels > mostLevels) return uniformError(side, levels, step);
    std::vector<double> all;
    for (double level = 0; level <= levels; ++level) all.push_back(level);
    return levelsError(side, all, step);
}

double ProfileError::at(const ClippedGrid& grid) const {
    const double atZero = grid.format.spacing == Spacing::Binary ? static_cast<double>(grid.step()) : 0.0;
    return sideError(m_above, false, grid) + sideError(m_below, true, grid) + m_zeros * atZero * atZero;
}

}  // namespace quant
