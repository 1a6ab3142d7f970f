#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/clipped_grid.h"
#include "quant/profile.h"
#include "quant/segments.h"
#include "quant/tensor_stream.h"
#include "shaders/error.h"

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace quant {

// What one grid does to the finite elements of a tensor.
struct MeasuredError {
    double squared = 0;    // Σ (Q(x) - x)²
    uint64_t clipped = 0;  // elements beyond the clip
};

// Measures the error of the real quantizer, step times the nearest element value, in one read for all
// candidates whose formats are spaced alike. Error bound: the sums are float sums of a fixed shape
// (shaders/error.h), the same on every device: each relative to the exact sum of the float squared errors by
// less than 64·2^-24; the host adds blocks of 8192 in double.
class ErrorPass {
public:
    explicit ErrorPass(engine::Device& device);

    // absmax: largest finite magnitude of the tensor (it sets the power-of-two scale). Results in candidate
    // order.
    std::vector<MeasuredError> measure(TensorStream& stream, float absmax,
                                       std::span<const ClippedGrid> candidates);

    // The same with one grid per segment: candidates[c][segment]. The layout describes the stream's
    // selection, of less than 2^32 elements.
    std::vector<MeasuredError> measure(TensorStream& stream, float absmax, const SegmentLayout& layout,
                                       std::span<const std::vector<ClippedGrid>> candidates);

    // What clips alone cost: Σ (|x| - clip)² over the elements beyond each, relative to the exact sum within
    // 2^-17, and their number, which is exact. Sides::Positive: of the elements above zero alone.
    std::vector<MeasuredError> measureExcess(TensorStream& stream, float absmax, Sides sides,
                                             std::span<const float> clips);

    // Σx² over the finite elements.
    double energy(TensorStream& stream, float absmax);

private:
    struct Run;
    struct Candidates;
    struct Grids;
    std::vector<MeasuredError> measureAll(TensorStream& stream, float absmax, const Candidates& candidates);
    std::vector<MeasuredError> measureBySpacing(TensorStream& stream, float absmax, const Grids& grids);

    engine::Device& m_device;
    engine::Buffer m_candidates, m_partials;
};

// The power-of-two scale of a tensor: elements times 2^exponent have their largest magnitude in [2, 4).
struct PowerScale {
    int32_t exponent = 0;
    bool exact = false;  // elements so small that kernels must scale them in integers
};
PowerScale powerScale(float absmax);
// The grid as kernels take it, in scaled units.
shaders::GridCandidate scaledGrid(const ClippedGrid& grid, int32_t exponent);
// Blocks of elements that one dispatch may hold of so many candidates, for some 50 ms at most.
uint64_t blocksPerDispatch(const engine::DeviceInfo& info, uint64_t candidates);
// Evaluations of an element on a grid that take the device some 4 ms at most: a submission's while it is
// paced.
uint64_t pacedEvaluations(const engine::DeviceInfo& info);
uint64_t blocksOf(uint64_t elements);
// What a kernel that quantizes must know of the format when it is made: specialization constants 13 to 15.
std::vector<std::pair<uint32_t, uint32_t>> spacingConstants(const NumberFormat& format);

}  // namespace quant
