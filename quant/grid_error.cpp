#include "quant/grid_error.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

// Where a bin spans more levels than this, rounding errors inside it are as good as uniform.
constexpr double manyLevels = 32;

// Of one bin. Level k takes the magnitudes above (k - ½)·step up to (k + ½)·step, the last level all above.
double errorOf(const SpreadBin& bin, double step, double levels) {
    double error = 0, low = -HUGE_VAL;
    if (bin.width > manyLevels * step) {
        low = (levels - 0.5) * step;
        error = bin.countBelow(low) * step * step / 12;
    } else {
        double level = std::floor(bin.first / step + 0.5);
        for (; level < levels && low < bin.end(); ++level) {
            const double high = (level + 0.5) * step;
            error += bin.squaresAround(level * step, low, high);
            low = high;
        }
    }
    return error + bin.squaresAround(levels * step, low, HUGE_VAL);
}

}  // namespace

double modelledGridError(const SpreadProfile& profile, const UniformGrid& grid, double clip) {
    if (profile.largest() == 0) return 0;
    if (!(clip > 0)) return profile.energy();
    const double levels = grid.qmax(), step = clip / levels, largest = profile.largest();
    const double difference = largest - step * std::min(std::nearbyint(largest / step), levels);
    double error = difference * difference;
    for (const SpreadBin& bin : profile.bins()) error += errorOf(bin, step, levels);
    return error;
}

}  // namespace quant
