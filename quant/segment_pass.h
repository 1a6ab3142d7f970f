#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/percentile.h"
#include "quant/segments.h"
#include "quant/tensor_stream.h"
#include "quant/uniform_grid.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quant {

// Segments longer than this are answered one by one, as whole tensors are.
constexpr uint64_t longestShortSegment = 1 << 16;

// Answers for every segment of a selection at once, which the stream keeps on the device. Segments have at
// most longestShortSegment elements; `layout` describes the selection, not the whole tensor.
class SegmentPass {
public:
    explicit SegmentPass(engine::Device& device) : m_device(device) {}

    struct OctavGrid {
        uint64_t inverseNoiseFactor;  // 1/γ
        double
            startRatio;  // expected root in units of the segment's mean magnitude: only speed depends on it
    };
    // OCTAV's exact roots, [grid][segment]. meanMagnitude: of the whole tensor's nonzero elements, a hint as
    // startRatio is. Empty entries are segments that the kernel could not settle (magnitudes over more than
    // seven octaves above the clip, or a root within rounding of a value): ask ClipSearch.
    std::vector<std::vector<std::optional<float>>> octav(TensorStream& stream, const SegmentLayout& layout,
                                                         bool isSigned, double meanMagnitude,
                                                         std::span<const OctavGrid> grids);

    // Percentiles of the finite |x| (only of x > 0 when not isSigned: the rest counts as zero), exact, by
    // segment.
    std::vector<float> percentiles(TensorStream& stream, const SegmentLayout& layout, bool isSigned,
                                   const Percentile& percentile);

    // Clips of least measured error, [grid][segment]: a logarithmic grid of 192 clips over twelve octaves
    // below the segment's largest magnitude, then two finer rounds. absmax: of the tensor.
    std::vector<std::vector<float>> leastError(TensorStream& stream, const SegmentLayout& layout,
                                               float absmax, std::span<const UniformGrid> grids);

private:
    engine::Device& m_device;
    engine::Buffer m_results, m_table;
};

}  // namespace quant
