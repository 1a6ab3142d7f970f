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
#include <string>
#include <vector>

namespace quant {

// How an element between two levels is rounded.
struct Rounding {
    bool isStochastic =
        false;  // up with the probability of its place between them; else to nearest, ties to even
    // Stochastic: element i takes lane i % 4 of Philox4x32-10 at counter i / 4 with this key, its upper 24
    // bits as a number in [0, 1). The same on every device.
    uint64_t seed = 0;

    std::string name() const { return isStochastic ? "stochastic:" + std::to_string(seed) : "nearest"; }
};

// Quantizes whole tensors to values or codes (NumberFormat::encode). NaN stays NaN as a value and has the
// code of zero, or of NaN where the format has one; an infinity goes to the outermost level, and
// a level beyond what the target's type can say becomes its largest value.
class QuantizePass {
public:
    explicit QuantizePass(engine::Device& device) : m_device(device) {}

    // Whether tensors of the layout can be quantized: kernels count the elements between two repetitions of
    // its segments in 31 bits.
    static bool takes(const SegmentLayout& layout);

    // One read of the stream's tensor. `grids` has one entry per segment of the layout, which describes the
    // whole tensor; all are of one format. target: F32, F16, BF16 (the values, rounded to that type) or a
    // type of 8 or 16 bits (a code per element; of fewer bits: in the low ones, integers sign-extended).
    // `sink` gets the bytes in order, a chunk at a time.
    void quantize(TensorStream& stream, const SegmentLayout& layout, std::span<const ClippedGrid> grids,
                  DType target, const Rounding& rounding,
                  const std::function<void(std::span<const std::byte>)>& sink);

private:
    engine::Device& m_device;
    engine::Buffer m_grids, m_outputs[2];
};

}  // namespace quant
