#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "quant/number_format.h"
#include "quant/segments.h"
#include "quant/tensor_stream.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quant {

constexpr uint64_t maxCurveSegments = 4096;
constexpr uint32_t maxSegmentClips = 256;

// Error of every channel of a tensor at every clip of a shared list, in a buffer that a shader draws as a
// heat map while kernels fill it.
class SegmentCurves {
public:
    // format: one with a single clip (checkSingleClip). layout: of a whole tensor, by channels or all one
    // segment: at most 4096 segments. clips: 1 to 256, finite and not negative. Throws std::invalid_argument.
    SegmentCurves(engine::Device& device, const SegmentLayout& layout, const NumberFormat& format,
                  std::span<const float> clips);

    uint32_t segments() const { return static_cast<uint32_t>(m_segments); }
    uint32_t clips() const { return static_cast<uint32_t>(m_clips.size()); }

    // Floats [segment][clip]: mean squared error over the segment's finite elements seen so far; NaN before
    // any. Below 2^-126 it becomes 0, above the largest float infinite.
    engine::BufferRange means() const;

    // Measures the stream's selection, which the layout describes, from the start, chunk by chunk in one
    // read; each submission takes some 4 ms at most. absmax: its largest finite magnitude. In the end each
    // mean is within 2^-17 of the exact one of the float squared errors, where both are normal floats. A
    // device's pacer changes no bit. Waits for the device.
    void run(TensorStream& stream, float absmax);

    uint64_t elementsSeen() const { return m_elementsSeen; }

private:
    struct Run;
    struct Piece;
    Piece pieceAt(uint64_t offset, const Chunk& chunk) const;
    void addPiece(engine::Commands& commands, const Run& run, const Chunk& chunk, const Piece& piece);

    engine::Device& m_device;
    uint64_t m_segments, m_runElements;  // that follow each other as they do in the layout
    NumberFormat m_format;
    std::vector<float> m_clips;
    engine::Buffer m_means, m_candidates, m_partials, m_totals;
    uint64_t m_elementsSeen = 0;
};

}  // namespace quant
