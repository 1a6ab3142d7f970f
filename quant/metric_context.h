#pragma once

#include "quant/error_search.h"
#include "quant/metric_pass.h"
#include "quant/segments.h"
#include "quant/tensor_stream.h"

#include <optional>
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
    // whole, if they are not there yet. Throws OutOfMemory when they do not fit.
    MetricTask task(const TensorStream& stream, bool isModelled) const;

    // As MetricPass::measure(), for grids of any formats of which equal ones follow each other. Weights that
    // do not fit the device are streamed beside the elements.
    std::vector<double> measure(TensorStream& stream, float absmax, std::span<const TriedGrid> grids) const;

private:
    // The stream of weights with those selected that belong to a stream's elements; none for other metrics.
    // What it has brought to the device stays there while the selection does.
    TensorStream* weightsOf(const TensorStream& stream) const;

    MetricPass& m_pass;
    MetricKind m_kind;
    TensorStream* m_weightStream;
    const TensorFile* m_weights;
    mutable std::optional<Selection> m_selected;  // of the weights
};

}  // namespace quant
