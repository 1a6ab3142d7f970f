#pragma once

#include "app/command.h"

namespace app {

// `clipscope sweep`: error versus clip of one tensor, measured and modelled.
void addSweepCommand(CLI::App& root, Global& global);

}  // namespace app
