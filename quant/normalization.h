#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "quant/gemm_type.h"

#include <cstdint>
#include <optional>

namespace quant {

// y = (x - mean) / √(variance + ε) · γ + β, with the biased variance: x of fp32, fp16 or bf16, everything
// else of fp32, all without gaps on whole words. Functions throw std::invalid_argument for integers, ranges
// that are too small or not on whole words, 2^31 elements or more, and an ε that is negative or no number;
// engine::OutOfMemory. They return the ticket of the last of their submissions, each of some 50 ms.

// Error bound of y, as a multiple of |γ|: for a mean and variance of `count` elements, of an element that is
// `deviation` times √(variance + ε) away from the mean. What adding β rounds, 2^-23 · (|y| + |β|), comes on
// top. It holds as long as mean·2^-24, and the distance of a row's or chunk's first element from the mean
// times count·2^-24, stay below √(variance + ε): a mean of 10⁴ deviations costs nothing. The relative error
// of a variance is this bound of deviation 0, and so is that of a mean in units of √variance, next to 2^-24
// of the mean itself.
double normalizationErrorBound(uint64_t count, double deviation);

// Of each row of x [rows][columns]; γ and β [columns].
struct LayerNormProblem {
    GemmType type = GemmType::Fp32;
    uint32_t rows = 0, columns = 0;
    engine::BufferRange x, y;
    std::optional<engine::BufferRange> gamma, beta;
    float epsilon = 1e-5f;
};

// Cost: reads x three times, a row at once through the caches, and writes y. A NaN or an infinity makes its
// row NaN.
engine::Ticket layerNorm(engine::Device& device, const LayerNormProblem& problem);

// Of each channel of x [images][channels][pixels]; γ, β and all statistics [channels].
struct BatchNormProblem {
    GemmType type = GemmType::Fp32;
    uint32_t images = 0, channels = 0, pixels = 0;
    engine::BufferRange x, y;
    std::optional<engine::BufferRange> gamma, beta;
    float epsilon = 1e-5f;
};

struct RunningStatistics {
    engine::BufferRange means, variances;
    float momentum = 0.1f;  // share of what is new
};

// Batch normalization on a device. It keeps scratch memory, and is used from one thread.
class BatchNorm {
public:
    explicit BatchNorm(engine::Device& device) : m_device(device) {}

    // By the statistics of x itself, which go to `means` and `variances` (biased). Running statistics become
    // (1 - momentum) · running + momentum · new, with the unbiased variance, as PyTorch has them. Throws
    // std::invalid_argument besides where there are channels without elements, and where the running
    // statistics of a single element are wanted.
    //
    // Cost: reads x three times, from the second on partly through the caches, and writes y.
    engine::Ticket train(const BatchNormProblem& problem, const engine::BufferRange& means,
                         const engine::BufferRange& variances,
                         const std::optional<RunningStatistics>& running = {});

    // By given statistics. Cost: reads x and writes y.
    engine::Ticket infer(const BatchNormProblem& problem, const engine::BufferRange& means,
                         const engine::BufferRange& variances);

private:
    struct Work;
    struct Statistics;
    void gather(Work& work);
    void conclude(Work& work, const engine::BufferRange& means, const engine::BufferRange& variances,
                  const std::optional<RunningStatistics>& running);
    void normalize(Work& work, const Statistics& statistics);

    engine::Device& m_device;
    engine::Buffer m_partials, m_centers, m_shifts;
};

}  // namespace quant
