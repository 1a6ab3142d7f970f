#pragma once

#include "app/command.h"

namespace app {

// `clipscope conv`.
void addConvCommand(CLI::App& root, Global& global);

}  // namespace app
