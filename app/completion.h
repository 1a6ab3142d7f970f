#pragma once

#include "app/command.h"
#include "app/command_tree.h"

#include <string>
#include <vector>

namespace app {

// `clipscope completion SHELL`: prints a completion script, made from the tree of commands.
void addCompletionCommand(CLI::App& root, Global& global);

std::string bashCompletion(const std::vector<CommandWords>& commands);
std::string zshCompletion(const std::vector<CommandWords>& commands);
std::string fishCompletion(const std::vector<CommandWords>& commands);

}  // namespace app
