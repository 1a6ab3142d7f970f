#pragma once

#include "app/tensor_selection.h"
#include "engine/device_info.h"
#include "quant/comparison.h"

#include <optional>
#include <string>
#include <vector>

namespace app {

struct CompareRun {
    const Selection& selection;
    const quant::ComparisonOptions& options;
    const engine::DeviceInfo& device;
    double seconds = 0;
};

// The reports of `compare`, of the selection's tensors in their order: for programs, for spreadsheets (a line
// per cell) and for people.
std::string compareJson(const CompareRun& run, const std::vector<quant::TensorComparison>& tensors);
std::string compareCsv(const CompareRun& run, const std::vector<quant::TensorComparison>& tensors);
std::string compareTable(const CompareRun& run, const std::vector<quant::TensorComparison>& tensors,
                         std::optional<size_t> width, bool hasColour);

}  // namespace app
