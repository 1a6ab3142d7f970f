#pragma once

#include "quant/percentile.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quant {

// How a clip is chosen.
enum class MethodKind { Octav, OctavPaper, Max, Percentile, Entropy, Mse };

struct Method {
    MethodKind kind = MethodKind::Octav;
    std::optional<Percentile> percentile;  // for MethodKind::Percentile alone

    // "octav", "octav-paper", "max", "percentile:99.9", "entropy", "mse".
    std::string name() const;
};

// Parses a name as Method::name gives it. Throws std::invalid_argument, with the names there are.
Method methodFrom(std::string_view text);

// Every name that methodFrom takes, for help and did-you-mean; "percentile:99.9" stands for its family.
const std::vector<std::string>& methodNames();

}  // namespace quant
