#pragma once

#include "app/command.h"

namespace app {

// `clipscope analyze`: the clip of every tensor of some files.
void addAnalyzeCommand(CLI::App& root, Global& global);

}  // namespace app
