#pragma once

#include "quant/number_format.h"
#include "quant/profile_error.h"

namespace quant {

// What OCTAV models on the elements of a profile, γ s²·#{0 < |x| <= s} + Σ_{|x|>s} (|x| - s)², on signed
// formats of both sides of zero; where the format has no noise factor, the estimate of the real error. Counts
// and sums inside the bin of s follow the profile's density: of smooth data within a percent. A few
// microseconds. clip: finite, not negative. Source: Sakr et al., ICML 2022, equation 3.
double modelledError(const ProfileError& profile, const NumberFormat& format, double clip);

}  // namespace quant
