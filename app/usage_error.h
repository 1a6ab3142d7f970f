#pragma once

#include <stdexcept>

namespace app {

// A command line that cannot be understood; main maps it to exit code 2. The message is one line.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace app
