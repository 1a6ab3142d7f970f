#pragma once

#include "app/tensor_selection.h"
#include "engine/device_info.h"
#include "quant/analysis.h"

namespace app {

// Where the time went, in seconds.
struct Seconds {
    double total = 0, read = 0, upload = 0, compute = 0;
};

// What the reports of one analysis have in common.
struct AnalyzeRun {
    const Selection& selection;
    const quant::AnalysisOptions& options;
    const engine::DeviceInfo& device;
};

}  // namespace app
