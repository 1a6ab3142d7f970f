#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/clipped_grid.h"
#include "quant/metric.h"
#include "quant/tensor_stream.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quant {

// A metric as kernels take it.
struct MetricTask {
    MetricKind kind = MetricKind::Mse;
    bool isModelled = false;  // OCTAV's model in place of the real error; formats with hasNoiseFactor() alone
    // Weighted: a float for every element of the stream's selection, on the device.
    engine::BufferRange weights;
};

// What a kernel that follows a metric must know when it is made: specialization constants 19 and 20.
std::vector<std::pair<uint32_t, uint32_t>> metricConstants(const MetricTask& task);

// Measures a metric of the quantizer over the finite elements of a tensor, in one read for all candidates.
class MetricPass {
public:
    explicit MetricPass(engine::Device& device) : m_device(device) {}

    // What is to be least, in candidate order: Σ (w) e², modelled |Σ (w) h| (shaders/metric.h), or the
    // negative cosine similarity times √Σx². The sums are float sums over blocks of 8192 elements (relative
    // bound 64·2^-24 of Σ|terms|), the same on every device; the host adds blocks in double. absmax: of the
    // tensor. Candidates whose formats are spaced alike. weights: a stream that has the weights of the
    // stream's elements selected, for Weighted; task.weights is not looked at.
    std::vector<double> measure(TensorStream& stream, float absmax, std::span<const ClippedGrid> candidates,
                                const MetricTask& task, TensorStream* weights = nullptr);

private:
    struct Run;

    engine::Device& m_device;
    engine::Buffer m_candidates, m_partials;
};

}  // namespace quant
