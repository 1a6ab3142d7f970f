#pragma once

#include "quant/clip.h"
#include "quant/clipped_grid.h"
#include "quant/number_format.h"
#include "quant/profile.h"

#include <functional>
#include <span>
#include <vector>

namespace quant {

// A clip of least measured error to find.
struct ErrorQuestion {
    NumberFormat format;      // with a free scale
    bool isThorough = false;  // try clips over twelve octaves, not only around the estimate from the profile
                              // (tensors of fewer than 2^16 elements: always)
    // Take the error that OCTAV models instead of the real one.
    bool isModelled = false;
};

// A grid to try, and how.
struct TriedGrid {
    ClippedGrid grid;
    bool isModelled = false;
};

// What a search makes least, for some grids; grids of one question follow each other.
using ErrorMeter = std::function<std::vector<double>(std::span<const TriedGrid>)>;

// Finds clips of least measured error for whole tensors: the first candidates come from the profile (its
// estimate of the error; where thorough also a logarithmic grid over twelve octaves below the largest and the
// clips in `known`), then finer ones around the best, three times. All questions share their reads of the
// tensor. Clips in question order; 0 for a tensor without elements that the format can meet.
std::vector<Clip> clipsOfLeastError(const ErrorMeter& meter, const Profile& profile,
                                    std::span<const ErrorQuestion> questions, std::span<const Clip> known);

}  // namespace quant
