#pragma once

#include "quant/clip.h"
#include "quant/profile.h"
#include "quant/profile_error.h"

namespace quant {

// Clips that a profile alone gives, without another look at the data.

// The clip of least estimated error (ProfileError) on a format with a free scale: logarithmic steps over
// twelve octaves below the largest magnitude (floats: an octave more above it), then finer ones around the
// best. affine: over five octaves below either end. 0 for a profile without elements that the format can
// meet.
Clip leastErrorClip(const Profile& profile, const ProfileError& errors, const NumberFormat& format);

// Two-sided OCTAV for an affine format of L+1 codes: with the clips low and high, the modelled error
// (high - low)²/(12 L²)·#{inside} + Σ_{x>high}(x - high)² + Σ_{x<low}(low - x)² is stationary, counts held,
// where both tails have the same excess Σ(|x| - clip) = (high - low)/(12 L²)·#{inside}. That excess is found
// by bisection, on the profile's bins with a linear density inside each (clips to about one part in a
// thousand on smooth data). The range holds zero. Source: Sakr et al., ICML 2022, equation 5, applied to both
// ends.
Clip twoSidedOctavClip(const ProfileError& errors, const NumberFormat& format);

// Where the clip of a format whose scale is a power of two (ScaleRule::PowerOfTwo) can lie nearest to `clip`:
// below and above it.
struct PowerOfTwoClips {
    float below, above;
};
PowerOfTwoClips powerOfTwoClips(const NumberFormat& format, float clip);

}  // namespace quant
