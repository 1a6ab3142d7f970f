#pragma once

#include "quant/segments.h"
#include "quant/tensor_stream.h"
#include "quant/uniform_grid.h"

#include <span>
#include <vector>

namespace quant {

// Entropy clips of every segment of the stream's selection, [grid][segment], which the layout describes; all
// grids of one sign. Computed on the host from the selection's data, which is read back once: a histogram of
// 2048 bins is larger than most segments, and the search over its candidates dwarfs the counting. Cost per
// segment and grid: 2048 steps for each level that holds anything, 0.1 ms for 8 levels, a millisecond or two
// for 128 filled ones.
std::vector<std::vector<float>> segmentEntropyClips(TensorStream& stream, const SegmentLayout& layout,
                                                    std::span<const UniformGrid> grids);

}  // namespace quant
