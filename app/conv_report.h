#pragma once

#include "app/ceilings.h"
#include "app/conv_run.h"
#include "engine/device_info.h"

#include <string>
#include <vector>

namespace app {

// A path that cannot take the convolution, and why.
struct SkippedConvPath {
    quant::GemmTypes types;
    quant::ConvolutionPath path;
    std::string reason;
};

struct ConvRun {
    const engine::DeviceInfo& device;
    quant::ConvolutionShape shape;
    Ceilings ceilings;
    std::vector<ConvResult> results;
    std::vector<SkippedConvPath> skipped;

    bool hasIntegers() const;
};

// The reports of `conv`. Of a single convolution the JSON is one object, of several it has a list "products".
std::string convJson(const ConvRun& run);
std::string convListJson(const ConvRun& run);
std::string convTable(const ConvRun& run, bool hasColour);

}  // namespace app
