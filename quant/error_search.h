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
    NumberFormat format;      // whose scale the data decide
    bool isThorough = false;  // try clips over thirteen octaves (affine: of both ends), not only around the
                              // estimate from the profile, which knows no metric (tensors of fewer than 2^16
                              // elements: always)
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

// Finds clips of least measured error for whole tensors. The first candidates are the profile's estimate, the
// largest magnitude and, where thorough, a logarithmic grid from twice the largest down (affine: over both
// ends); then finer ones around the best. Scales that are powers of two: all of those. Tensors of fewer than
// 2^16 elements are searched around several local minima, some 600 clips (affine: 1,500): within a percent of
// the least error of ten thousand clips. Larger ones: 180 (affine: 300; not thorough: 70). All questions
// share their reads of the tensor, and none changes another's answer. Clips in question order; 0 for a tensor
// without elements that the format can meet.
std::vector<Clip> clipsOfLeastError(const ErrorMeter& meter, const Profile& profile,
                                    std::span<const ErrorQuestion> questions);

}  // namespace quant
