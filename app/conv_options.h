#pragma once

#include "app/command.h"
#include "app/conv_inputs.h"

#include <cstdint>
#include <optional>
#include <string>

namespace app {

// What `conv` is asked for.
struct ConvArguments {
    ConvSource source;
    std::optional<quant::ConvolutionPath> path;
    uint32_t repeat = 5;
    std::string output;
    bool isChecked = false, isTable = false;
    ReportTargets targets;
};

// Adds the options of the command that are its own. The arguments must outlive it.
void addConvOptions(CLI::App& command, ConvArguments& arguments);

}  // namespace app
