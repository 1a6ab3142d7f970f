#pragma once

#include "app/command.h"

namespace app {

// `clipscope devices`: every Vulkan device, and what each can do or lacks.
void addDevicesCommand(CLI::App& root, Global& global);

}  // namespace app
