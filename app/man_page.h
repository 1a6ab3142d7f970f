#pragma once

#include "app/command.h"
#include "app/command_tree.h"

#include <string>
#include <vector>

namespace app {

// `clipscope man`: prints the manual page, made from the tree of commands.
void addManCommand(CLI::App& root, Global& global);

// In roff, for man(1).
std::string manPage(const std::vector<CommandWords>& commands);

}  // namespace app
