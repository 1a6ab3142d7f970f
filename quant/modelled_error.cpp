#include "quant/modelled_error.h"

#include <algorithm>

namespace quant {

double modelledError(const ProfileError& profile, const NumberFormat& format, double clip) {
    if (!format.hasNoiseFactor()) return profile.at({format, static_cast<float>(clip)});
    const double gamma = 1.0 / static_cast<double>(format.inverseNoiseFactor());
    double error = 0;
    for (const Sides sides : {Sides::Positive, Sides::Negative}) {
        if (sides == Sides::Negative && !format.isSigned) continue;
        const Moments inside = profile.side(sides).upTo(clip), all = profile.side(sides).total();
        const double beyond = all.squares - inside.squares - 2 * clip * (all.sum - inside.sum) +
                              clip * clip * (all.count - inside.count);
        error += gamma * clip * clip * inside.count + std::max(beyond, 0.0);
    }
    return error;
}

}  // namespace quant
