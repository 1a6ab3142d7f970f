#include "quant/clipped_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quant {

namespace {

constexpr float largestFloat = std::numeric_limits<float>::max();

}  // namespace

ClippedGrid ClippedGrid::at(const NumberFormat& format, float clip) {
    const auto fixed = format.fixedScale();
    return {format, fixed ? static_cast<float>(*fixed * format.clipLevel()) : clip};
}

float ClippedGrid::step() const {
    if (format.isAffine) {
        // In double: the range of a float tensor may exceed the largest float.
        const double range = static_cast<double>(clip) - static_cast<double>(low);
        const double step = range / (format.largest() - format.smallest());
        return static_cast<float>(std::min(step, double{largestFloat}));
    }
    // Not from the clip: that of the widest formats is rounded to float.
    if (const auto fixed = format.fixedScale(); fixed && clip > 0) return static_cast<float>(*fixed);
    return clip / static_cast<float>(format.clipLevel());
}

int32_t ClippedGrid::zeroPoint() const {
    if (!format.isAffine || step() == 0) return 0;
    const double zero = std::nearbyint(format.smallest() - double{low} / double{step()});
    return static_cast<int32_t>(std::clamp(zero, format.smallest(), format.largest()));
}

double ClippedGrid::quantize(double x) const {
    const auto scale = static_cast<double>(step());
    if (scale == 0) return 0;
    if (!format.isAffine) return scale * format.quantize(x / scale);
    const int32_t zero = zeroPoint();
    return scale * (std::clamp(std::nearbyint(x / scale) + zero, format.smallest(), format.largest()) - zero);
}

}  // namespace quant
