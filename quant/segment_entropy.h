#pragma once

#include "quant/number_format.h"
#include "quant/segments.h"
#include "quant/tensor_stream.h"

#include <span>
#include <vector>

namespace quant {

// Entropy clips of every segment of the stream's selection, [grid][segment], which the layout describes; all
// grids of one sign. Computed on the host from the selection's data, which is read back once: a histogram of
// 2048 bins is larger than most segments, and the search over its candidates dwarfs the counting. Cost per
// segment and grid: half a millisecond for groups of 32, two for long segments at 8 bits.
std::vector<std::vector<float>> segmentEntropyClips(TensorStream& stream, const SegmentLayout& layout,
                                                    std::span<const NumberFormat> grids);

}  // namespace quant
