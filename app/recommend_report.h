#pragma once

#include "app/tensor_selection.h"
#include "engine/device_info.h"
#include "quant/recommendation.h"

#include <optional>
#include <string>

namespace app {

struct RecommendRun {
    const Selection& selection;
    const quant::RecommendOptions& options;
    const engine::DeviceInfo& device;
    size_t leftOut = 0;  // float tensors that no format is chosen for: no weights, or without elements
    double seconds = 0;
};

// The reports of `recommend`: for programs, for spreadsheets (a line per tensor) and for people.
std::string recommendJson(const RecommendRun& run, const quant::Recommendation& recommendation);
std::string recommendCsv(const quant::Recommendation& recommendation);
std::string recommendTable(const RecommendRun& run, const quant::Recommendation& recommendation,
                           std::optional<size_t> width, bool hasColour);

}  // namespace app
