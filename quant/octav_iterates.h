#pragma once

#include "quant/profile.h"
#include "quant/profile_pass.h"
#include "quant/tensor_stream.h"

#include <cstdint>
#include <vector>

namespace quant {

// The recursion of octavIterates() on the data of the stream's tensor. Counts and sums on either side of
// every iterate are exact, so that iterates are right to double precision and end at the root, which is
// `root` (of method octav, with a scale of any size). Reads the tensor a few times, to refine the profile's
// bins that iterates fall into.
std::vector<double> exactOctavIterates(ProfilePass& passes, TensorStream& stream, const Profile& profile,
                                       Sides sides, uint64_t inverseNoiseFactor, float root);

}  // namespace quant
