#pragma once

#include "quant/clipped_grid.h"
#include "quant/profile.h"

namespace quant {

// The range that a quantizer keeps: up to `high` on both sides of zero (unsigned: above it), or from low to
// high where the format is affine.
struct Clip {
    float high = 0;
    float low = 0;  // affine formats only, else 0

    bool operator==(const Clip&) const = default;
    ClippedGrid on(const NumberFormat& format) const { return {format, high, low}; }
};

// The largest clip that makes sense: nothing is clipped, but what an unsigned format cannot say. 0 where the
// format meets no element.
Clip largestClip(const Profile& profile, const NumberFormat& format);

}  // namespace quant
