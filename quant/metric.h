#pragma once

#include <string>
#include <string_view>

namespace quant {

// What a search for a clip minimises. Methods that do not search for least error (max, percentile, entropy)
// know no metric.
enum class MetricKind {
    Mse,       // Σ (Q(x) - x)²
    Cosine,    // 1 - Σ x·Q(x) / √(Σ x² · Σ Q(x)²)
    Weighted,  // Σ w (Q(x) - x)², w from a file: a diagonal Hessian, second moments of activations
};

struct Metric {
    MetricKind kind = MetricKind::Mse;
    std::string path;  // of the weights' file

    std::string name() const;  // "mse", "cosine", "weighted:FILE"
    bool operator==(const Metric&) const = default;
};

// Parses a name as Metric::name gives it. Throws std::invalid_argument.
Metric metricFrom(std::string_view text);

}  // namespace quant
