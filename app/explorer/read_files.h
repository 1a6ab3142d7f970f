#pragma once

#include "app/explorer/session_opening.h"

#include <string>
#include <vector>

namespace app {

// What a person has chosen to open, once it has been read: tensor files and folders, or one saved session.
struct ReadFiles {
    std::vector<std::string> paths;
    std::string problem;     // why it cannot be opened, one line; empty where it can
    bool isSession = false;  // then the opening has that session; else one with nothing but the inputs
    bool isAsked = false;    // by a dialog, which waits
    SessionOpening opening;
};

// On any thread. What is wrong with the files becomes the problem.
ReadFiles readFiles(const std::vector<std::string>& paths, bool isAsked);

}  // namespace app
