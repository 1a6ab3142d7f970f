#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace app {

// The tree of commands as plain data, for completion scripts, the manual page and suggestions.

struct OptionWords {
    std::vector<std::string> names;  // "-q", "--quiet"; empty for a positional argument
    std::string placeholder;         // of a positional argument: "INPUT"
    std::string type;                // what its value is called: "FILE", "auto|signed"; empty for a flag
    std::string description;
    std::vector<std::string> words;  // values to offer: the parts of the type in lower case, up to a colon
    bool takesFile = false;

    bool takesValue() const { return !type.empty(); }
};

struct CommandWords {
    std::string name, description, footer;
    std::vector<OptionWords> options, positionals;
};

// The program's own options come first, in a command without a name.
std::vector<CommandWords> commandTree(const CLI::App& root);

}  // namespace app
