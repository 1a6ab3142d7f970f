#pragma once

#include "app/command.h"

namespace app {

void addRecommendCommand(CLI::App& root, Global& global);

}  // namespace app
