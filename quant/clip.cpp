#include "quant/clip.h"

#include <algorithm>

namespace quant {

Clip largestClip(const Profile& profile, const NumberFormat& format) {
    const float above = std::max(profile.max(), 0.0f);
    if (format.isAffine) return {above, std::min(profile.min(), 0.0f)};
    return {format.isSigned ? profile.absmax() : above};
}

}  // namespace quant
