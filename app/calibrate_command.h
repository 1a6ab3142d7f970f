#pragma once

#include "app/command.h"

namespace app {

// `clipscope calibrate`: profiles of many files' tensors in one small state, and clips from it.
void addCalibrateCommand(CLI::App& root, Global& global);

}  // namespace app
