#pragma once

#include "app/command.h"

namespace app {

void addCompareCommand(CLI::App& root, Global& global);

}  // namespace app
