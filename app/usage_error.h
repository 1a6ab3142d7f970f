#pragma once

#include <stdexcept>
#include <string>

namespace app {

// A command line that cannot be understood; main maps it to exit code 2. The message is one line.
class UsageError : public std::runtime_error {
public:
    // command: whose help is recommended; empty for the program's.
    explicit UsageError(const std::string& problem, const std::string& command = {})
        : std::runtime_error(problem + (problem.ends_with('?') ? " See" : "; see") + " `clipscope " +
                             command + (command.empty() ? "" : " ") + "--help`") {}
};

}  // namespace app
