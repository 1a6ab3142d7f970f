#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/counting_path.h"
#include "quant/profile.h"
#include "quant/tensor_stream.h"
#include "shaders/linear_histogram.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quant {

class SpreadProfile;

// Counts of nonzero finite magnitudes in 2048 equal bins from zero to a largest magnitude L > 0. Edge rule:
// with 2^e the scale of powerScale(L) and c = 2048 / (2^e·L) rounded to float, |x| falls into bin
// min(floor(fl(2^e·|x|·c)), 2047), fl rounding the product to float: bin b holds b·L/2048 <= |x| <
// (b + 1)·L/2048 but for magnitudes within 2^-22 of an edge, relative to it, which may fall on either side,
// the same on every device. L itself is in the last bin.
constexpr uint32_t linearBins = shaders::linearBins;
using LinearHistogram = std::vector<uint64_t>;

// Counts a tensor on the device: one read. Keeps its buffers.
class LinearHistogramPass {
public:
    // path: one that the device can run, or Auto.
    explicit LinearHistogramPass(engine::Device& device, CountingPath path = CountingPath::Auto);

    // largest: at least the largest magnitude on the sides, above 0.
    LinearHistogram count(TensorStream& stream, Sides sides, float largest);

    // Counts of the histogram made last, or being made, on the device: 64 bits a bin, low word first. The
    // next count uses the range again.
    engine::BufferRange counts() const { return m_counts; }

private:
    engine::Device& m_device;
    CountingPath m_path;
    engine::Buffer m_counts, m_scratch;
};

// The same count on the host. magnitudes: above zero, none above largest.
LinearHistogram linearHistogram(std::span<const float> magnitudes, float largest);

// The same estimated from a profile with elements: its density, the running total rounded to whole elements.
// A count between two edges of the profile's bins is exact; inside, smooth data are followed to second order,
// but not their noise.
LinearHistogram linearHistogram(const SpreadProfile& profile);

}  // namespace quant
