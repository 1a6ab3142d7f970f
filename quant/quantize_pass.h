#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/dtype.h"
#include "quant/error_pass.h"
#include "quant/segments.h"
#include "quant/tensor_stream.h"

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace quant {

// Quantizes whole tensors: level = clamp(roundEven(x / step), qmin, qmax), value = step * level. NaN stays
// NaN as a value and is level 0; an infinity goes to the outermost level.
class QuantizePass {
public:
    explicit QuantizePass(engine::Device& device) : m_device(device) {}

    // One read of the stream's tensor. `grids` has one entry per segment of the layout, which describes the
    // whole tensor. target: F32, F16, BF16 (the values, rounded to that type) or I8, U8, I16, U16 (the
    // levels). `sink` gets the bytes in order, a chunk at a time.
    void quantize(TensorStream& stream, const SegmentLayout& layout, std::span<const ClippedGrid> grids,
                  DType target, const std::function<void(std::span<const std::byte>)>& sink);

private:
    engine::Device& m_device;
    engine::Buffer m_grids, m_outputs[2];
};

}  // namespace quant
