#include "quant/profile_error.h"

#include "quant/float_bits.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

constexpr double mostLevels = 1024;

double firstOf(uint32_t bin) {
    return fromBits(bin << 20);
}
double endOf(uint32_t bin) {
    return bin + 1 == Profile::finiteBins ? 0x1p128 : static_cast<double>(fromBits((bin + 1) << 20));
}

}  // namespace

ProfileError::ProfileError(const Profile& profile)
    : m_sides{sideOf(profile, Sides::Positive), sideOf(profile, Sides::Negative)},
      m_zeros(static_cast<double>(profile.zeros())) {}

ProfileError::Side ProfileError::sideOf(const Profile& profile, Sides sides) {
    Side side;
    side.bins.resize(Profile::finiteBins);
    for (uint32_t index = 0; index < Profile::finiteBins; ++index) {
        Bin& bin = side.bins[index];
        bin.before = side.end;
        bin.low = firstOf(index);
        bin.high = endOf(index);
        bin.count = static_cast<double>(profile.count(index, sides));
        if (bin.count == 0) continue;
        const double sum = static_cast<double>(profile.sum(index, sides).approximate() * oneUnit);
        const double mean = std::clamp(sum / bin.count, bin.low, bin.high);
        bin.slope = 6 * (mean - bin.low) / (bin.high - bin.low) - 3;
        if (std::abs(bin.slope) > 1) {
            // Too near an edge for a linear density: evenly around the mean, up to the edge.
            const double half = std::min(mean - bin.low, bin.high - mean);
            bin = {bin.before, mean - half, mean + half, bin.count, 0};
        }
        side.end = bin.upTo(endOf(index));
    }
    return side;
}

// With x = low + width·t: integrals over [0, t] of the density times 1, x and x².
ProfileError::Moments ProfileError::Bin::upTo(double magnitude) const {
    if (count == 0) return before;
    const double width = high - low;
    const double t = width > 0 ? std::clamp((magnitude - low) / width, 0.0, 1.0) : magnitude >= low;
    const double t2 = t * t, t3 = t2 * t, t4 = t2 * t2, s = slope;
    const double zeroth = t + s * (t2 - t);
    const double first = t2 / 2 + s * (2 * t3 / 3 - t2 / 2);
    const double second = t3 / 3 + s * (t4 / 2 - t3 / 3);
    return {before.count + count * zeroth, before.sum + count * (low * zeroth + width * first),
            before.squares + count * (low * low * zeroth + 2 * low * width * first + width * width * second)};
}

ProfileError::Moments ProfileError::Side::upTo(double magnitude) const {
    const auto limited = static_cast<float>(std::min(magnitude, 0x1.fffffep127));
    return bins[std::min(magnitudeBits(limited) >> 20, Profile::finiteBins - 1)].upTo(magnitude);
}

double ProfileError::levelsError(const Side& side, const std::vector<double>& levels, double step) {
    double error = 0;
    Moments below;
    for (size_t i = 0; i < levels.size(); ++i) {
        const double level = step * levels[i];
        const bool isLast = i + 1 == levels.size();
        const Moments upTo = isLast ? side.end : side.upTo(step * (levels[i] + levels[i + 1]) / 2);
        const double squares = upTo.squares - below.squares;
        error += squares - 2 * level * (upTo.sum - below.sum) + level * level * (upTo.count - below.count);
        below = upTo;
    }
    return std::max(error, 0.0);
}

double ProfileError::uniformError(const Side& side, double levels, double step) {
    const double largest = levels * step;
    const Moments inside = side.upTo(largest);
    const double count = side.end.count - inside.count;
    const double beyond = side.end.squares - inside.squares - 2 * largest * (side.end.sum - inside.sum) +
                          largest * largest * count;
    return inside.count * step * step / 12 + std::max(beyond, 0.0);
}

double ProfileError::sideError(const Side& side, bool isNegative, const ClippedGrid& grid) const {
    const NumberFormat& format = grid.format;
    const double step = grid.step();
    if (step == 0) return side.end.squares;
    if (format.spacing != Spacing::Uniform) return levelsError(side, format.positiveLevels(), step);
    const double zero = grid.zeroPoint();
    const double levels = isNegative ? zero - format.smallest() : format.largest() - zero;
    if (levels > mostLevels) return uniformError(side, levels, step);
    std::vector<double> all;
    for (double level = 0; level <= levels; ++level) all.push_back(level);
    return levelsError(side, all, step);
}

double ProfileError::excess(Sides sides, double clip) const {
    const Side& side = sideAt(sides);
    const Moments within = side.upTo(clip);
    return std::max(side.end.sum - within.sum - clip * (side.end.count - within.count), 0.0);
}

double ProfileError::at(const ClippedGrid& grid) const {
    const double atZero = grid.format.spacing == Spacing::Binary ? grid.step() : 0.0;
    return sideError(m_sides[0], false, grid) + sideError(m_sides[1], true, grid) + m_zeros * atZero * atZero;
}

}  // namespace quant
