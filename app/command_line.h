#pragma once

#include "app/command.h"

namespace app {

// Parses the command line and runs the command that it names, or prints the help or the version that it asks
// for. Throws UsageError, and what the command throws.
void runCommandLine(int argc, const char* const* argv, Global& global);

}  // namespace app
