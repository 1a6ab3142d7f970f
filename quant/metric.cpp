#include "quant/metric.h"

#include <stdexcept>

namespace quant {

namespace {

constexpr std::string_view weightedPrefix = "weighted:";

}  // namespace

std::string Metric::name() const {
    switch (kind) {
        case MetricKind::Mse:
            break;
        case MetricKind::Cosine:
            return "cosine";
        case MetricKind::Weighted:
            return std::string(weightedPrefix) + path;
    }
    return "mse";
}

Metric metricFrom(std::string_view text) {
    if (text == "mse") return {};
    if (text == "cosine") return {MetricKind::Cosine, {}};
    if (text.starts_with(weightedPrefix) && text.size() > weightedPrefix.size())
        return {MetricKind::Weighted, std::string(text.substr(weightedPrefix.size()))};
    throw std::invalid_argument("'" + std::string(text) + "' is none of mse, cosine, weighted:FILE");
}

}  // namespace quant
