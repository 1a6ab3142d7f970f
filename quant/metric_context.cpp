#include "quant/metric_context.h"

#include <algorithm>

namespace quant {

TensorStream* MetricContext::weightsOf(const TensorStream& stream) const {
    if (m_kind != MetricKind::Weighted) return nullptr;
    if (m_selected != stream.selection()) {
        m_weightStream->select(*m_weights, 0, stream.selection());
        m_selected = stream.selection();
    }
    return m_weightStream;
}

MetricTask MetricContext::task(const TensorStream& stream, bool isModelled) const {
    TensorStream* weights = weightsOf(stream);
    return {m_kind, isModelled, weights != nullptr ? weights->resident() : engine::BufferRange()};
}

std::vector<double> MetricContext::measure(TensorStream& stream, float absmax,
                                           std::span<const TriedGrid> grids) const {
    constexpr size_t most = 256;
    TensorStream* weights = weightsOf(stream);
    std::vector<double> values;
    for (size_t first = 0; first < grids.size();) {
        std::vector<ClippedGrid> alike;
        while (first + alike.size() < grids.size() && alike.size() < most) {
            const TriedGrid& next = grids[first + alike.size()];
            if (next.isModelled != grids[first].isModelled || next.grid.format != grids[first].grid.format)
                break;
            alike.push_back(next.grid);
        }
        const auto measured =
            m_pass.measure(stream, absmax, alike, {m_kind, grids[first].isModelled, {}}, weights);
        values.insert(values.end(), measured.begin(), measured.end());
        first += alike.size();
    }
    return values;
}

}  // namespace quant
