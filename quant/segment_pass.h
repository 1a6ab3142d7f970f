#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/clip.h"
#include "quant/clip_estimate.h"
#include "quant/metric_pass.h"
#include "quant/percentile.h"
#include "quant/profile.h"
#include "quant/segments.h"
#include "quant/tensor_stream.h"

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

    // Percentiles of the finite |x| of one sign or both (the rest counts as zero), exact, by segment.
    std::vector<float> percentiles(TensorStream& stream, const SegmentLayout& layout, Sides sides,
                                   const Percentile& percentile);

    // Clips of least measured error (or of whatever the metric makes least; its weights follow the layout's
    // elements), [format][segment]: coarse steps over the thirteen octaves from twice the segment's largest
    // magnitude down, then two finer rounds around the four best local minima, some 240 tries in all (8 bits
    // and more: 360). Of a few dozen elements and 8 bits, where there are hundreds of local minima, the clip
    // found may cost up to a decibel more than the best; else within a percent. Affine: a grid of 10 x 10
    // ranges over eight octaves below either end, then five finer ones of 5 x 5 around the best. Scales
    // that are powers of two: each of those. In closed form, by squared error: the mean magnitude for binary;
    // modelled, for affine formats, OCTAV's range (as twoSidedOctavClip, but exact up to float sums). Formats
    // that are not block-scaled.
    std::vector<std::vector<Clip>> leastError(TensorStream& stream, const SegmentLayout& layout,
                                              std::span<const NumberFormat> formats,
                                              const MetricTask& metric = {});

    // Of the two clips of each segment the one with less error, by the metric; of equal ones the upper.
    std::vector<Clip> betterClips(TensorStream& stream, const SegmentLayout& layout,
                                  const NumberFormat& format, std::span<const PowerOfTwoClips> neighbours,
                                  const MetricTask& metric = {});

    // The scales of a block-scaled format, as clips, by segment: what the block's largest magnitude asks for
    // or, searched, the best of its neighbours by measured error; 0 for a block without nonzero elements.
    // absmax: of the tensor.
    std::vector<Clip> blockScales(TensorStream& stream, const SegmentLayout& layout, float absmax,
                                  const NumberFormat& format, bool isSearched, const MetricTask& metric = {});

private:
    void findLeast(TensorStream& stream, const SegmentLayout& layout, std::span<const NumberFormat> formats,
                   const MetricTask& metric, std::span<const size_t> alike,
                   std::vector<std::vector<Clip>>& clips);

    engine::Device& m_device;
    engine::Buffer m_results, m_table, m_formats;
};

// The float by which NVFP4 multiplies the e4m3 scales of its blocks: absmax over the largest that both can
// say, rounded up to 18 bits, so that products with a block's scale and with its clip are exact.
float nvfp4TensorScale(float absmax);

}  // namespace quant
