#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/clipped_grid.h"
#include "quant/counting_path.h"
#include "quant/tensor_stream.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quant {

// What a histogram of levels has along x.
enum class LevelAxis {
    Magnitude,  // |Q(x)|: levels of both signs are counted together, zero is level 0
    Value,      // Q(x): from the least level to the largest
};

// Levels on the axis at most; no format of up to 10 bits has more.
constexpr uint32_t maxLevels = 1024;

// How many elements a quantizer sends to each of its levels, in buffers that a shader draws as bars while
// they grow. NaN and infinities are not counted.
class LevelCounts {
public:
    // path: one that the device can run, or Auto.
    explicit LevelCounts(engine::Device& device, CountingPath path = CountingPath::Auto);

    // Counts the stream's selection from the start, in one read. largest: its largest finite magnitude, where
    // the outermost cells end unless the grid reaches further. The levels are those that QuantizePass writes:
    // ClippedGrid::quantize's but where x / step, rounded to float as product with the rounded inverse step,
    // falls on the other side of a tie; of subnormal x / step (pot8 alone) the exact ones. A clip of 0 has
    // one level, zero. Throws std::invalid_argument for more than maxLevels levels, and for an affine format
    // on the axis of magnitudes.
    void count(TensorStream& stream, const ClippedGrid& grid, LevelAxis axis, float largest);

    // Of the count made last, or being made.
    uint32_t levels() const { return static_cast<uint32_t>(m_values.size()); }
    // What stands for each level, rising: step times the element value, in double.
    const std::vector<double>& values() const { return m_values; }
    // [level]: 64 bits, low word first.
    engine::BufferRange counts() const { return {m_counts, 0, m_values.size() * sizeof(uint64_t)}; }
    // Floats [level + 1]: from the least x (or |x|) of level k up to the least of level k + 1. What lies
    // beyond the clip is in the outermost cells. Unsigned formats: elements below zero are in level 0,
    // whatever their magnitude.
    engine::BufferRange edges() const { return {m_edges, 0, (m_values.size() + 1) * sizeof(float)}; }

    std::vector<uint64_t> read() const;  // the counts; waits

private:
    std::pair<size_t, uint32_t> choose(const ClippedGrid& grid, LevelAxis axis, float largest);
    void upload(const std::vector<uint32_t>& thresholds, const std::vector<float>& edges);

    engine::Device& m_device;
    CountingPath m_path;
    std::vector<double> m_values;
    engine::Buffer m_counts, m_edges, m_thresholds, m_scratch;
};

}  // namespace quant
