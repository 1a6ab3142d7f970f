#pragma once

#include "quant/error_search.h"
#include "quant/metric_pass.h"
#include "quant/segments.h"
#include "quant/tensor_stream.h"

#include <span>
#include <vector>

namespace quant {

// A metric of one tensor, with the weights of its elements where it has any.
class MetricContext {
public:
    // weights: of the elements, for MetricKind::Weighted; a stream of their own reads them. All outlive this
    // object.
    MetricContext(MetricPass& pass, MetricKind kind, TensorStream* weightStream, const TensorFile* weights)
        : m_pass(pass), m_kind(kind), m_weightStream(weightStream), m_weights(weights) {}

    MetricKind kind() const { return m_kind; }

    // The metric as kernels take it, for what the stream has selected. Brings its weights to the device
    // whole. Throws OutOfMemory when they do not fit.
    MetricTask task(const TensorStream& stream, bool isModelled) const;

    // As MetricPass::measure(), for grids of any formats of which equal ones follow each other.
    std::vector<double> measure(TensorStream& stream, float absmax, std::span<const TriedGrid> grids) const;

private:
    MetricPass& m_pass;
    MetricKind m_kind;
    TensorStream* m_weightStream;
    const TensorFile* m_weights;
};

}  // namespace quant
