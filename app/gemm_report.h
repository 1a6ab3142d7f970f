#pragma once

#include "app/ceilings.h"
#include "app/gemm_run.h"
#include "engine/device_info.h"

#include <string>
#include <vector>

namespace app {

// A path that cannot take the product, and why.
struct SkippedPath {
    quant::GemmTypes types;
    quant::GemmPath path;
    std::string reason;
};

struct GemmRun {
    const engine::DeviceInfo& device;
    Ceilings ceilings;
    std::vector<GemmResult> results;
    std::vector<SkippedPath> skipped;

    bool hasIntegers() const;
};

// The reports of `gemm`. Of a single product the JSON is one object, of several it has a list "products".
std::string gemmJson(const GemmRun& run);
std::string gemmListJson(const GemmRun& run);
std::string gemmTable(const GemmRun& run, bool hasColour);

// The reports of `gemm --roofline`: each result beside the bound that arithmetic and memory set.
std::string rooflineJson(const GemmRun& run);
std::string rooflineTable(const GemmRun& run, bool hasColour);

}  // namespace app
