#pragma once

#include "app/command.h"
#include "app/gemm_inputs.h"
#include "app/gemm_series.h"

#include <string>

namespace app {

// What `gemm` is asked for.
struct GemmArguments {
    GemmSource source;
    GemmChoice choice;
    std::string output;
    bool isChecked = false, isTable = false, isRoofline = false;
    ReportTargets targets;
};

// Adds the options of the command that are its own. The arguments must outlive it.
void addGemmOptions(CLI::App& command, GemmArguments& arguments);

}  // namespace app
