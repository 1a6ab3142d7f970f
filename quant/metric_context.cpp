#include "quant/metric_context.h"

#include <algorithm>

namespace quant {

MetricTask MetricContext::task(const TensorStream& stream, bool isModelled) const {
    MetricTask task{.kind = m_kind, .isModelled = isModelled};
    if (m_kind == MetricKind::Weighted) {
        m_weightStream->select(*m_weights, 0, stream.selection());
        task.weights = m_weightStream->resident();
    }
    return task;
}

std::vector<double> MetricContext::measure(TensorStream& stream, float absmax,
                                           std::span<const TriedGrid> grids) const {
    constexpr size_t most = 64;
    MetricTask task = this->task(stream, false);
    std::vector<double> values;
    for (size_t first = 0; first < grids.size();) {
        std::vector<ClippedGrid> alike;
        while (first + alike.size() < grids.size() && alike.size() < most) {
            const TriedGrid& next = grids[first + alike.size()];
            if (next.isModelled != grids[first].isModelled || next.grid.format != grids[first].grid.format)
                break;
            alike.push_back(next.grid);
        }
        task.isModelled = grids[first].isModelled;
        const auto measured = m_pass.measure(stream, absmax, alike, task);
        values.insert(values.end(), measured.begin(), measured.end());
        first += alike.size();
    }
    return values;
}

}  // namespace quant
