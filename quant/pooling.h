#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "quant/gemm_type.h"

#include <cstdint>

namespace quant {

struct Extent2 {
    uint32_t height = 1, width = 1;
    bool operator==(const Extent2&) const = default;
};

// The windows of a plane: `kernel` elements, `dilation` apart, every `stride`, from `padding` before the
// first on. The padding is at most half of what a window spans, dilation included.
struct PoolWindow {
    Extent2 kernel, stride, padding{0, 0}, dilation;
    bool isRoundedUp = false;  // one more window where the last ends short of the padding's end, if it starts
                               // before that of the plane
};

// x [planes][height][width] of fp32, fp16 or bf16: images times channels are planes. y of fp32
// [planes][out height][out width], all without gaps on whole words.
struct PoolProblem {
    GemmType type = GemmType::Fp32;
    uint32_t planes = 0;
    Extent2 size;
    PoolWindow window;
    engine::BufferRange x, y;
};

// How many windows there are along each axis, as PyTorch has it; 0 where none fits. Throws
// std::invalid_argument for kernels, strides and dilations of 0, for what reaches 2^30, and for paddings that
// are too large.
Extent2 pooledExtent(const Extent2& size, const PoolWindow& window);

// The functions throw the same, and std::invalid_argument for integers, ranges that are too small or not on
// whole words, and 2^31 elements or more. They return the ticket of the last of their submissions, each of
// some 50 ms. Cost: reads every window.

// The greatest element of each window, exactly; NaN where one is NaN, minus infinity where the dilation
// leaves the window no element.
engine::Ticket maxPool(engine::Device& device, const PoolProblem& problem);

// Error bound of a mean of `count` elements: this times the mean of their magnitudes.
double meanErrorBound(uint64_t count);

// The mean of each window; no dilation. countsPadding: the divisor counts elements of the padding, which are
// zeros, as well.
engine::Ticket averagePool(engine::Device& device, const PoolProblem& problem, bool countsPadding);

// The mean of each plane, y [planes]; the window is of no matter. Throws std::invalid_argument where planes
// have no elements.
engine::Ticket globalAverage(engine::Device& device, const PoolProblem& problem);

}  // namespace quant
