#pragma once

#include "app/explorer/opened_files.h"
#include "app/explorer/session.h"

#include <string>
#include <vector>

namespace app {

class Workspace;

// A session whose files have been read, as far as they are there.
struct SessionOpening {
    Session session;  // names those inputs alone
    OpenedFiles files;
    std::vector<std::string> missing;  // a line each
};

// Reads those inputs of a session that can be opened; on any thread, as openFiles(). Throws
// quant::InputError where the session names inputs and none of them can be opened, and std::invalid_argument
// for a raw layout that is none.
SessionOpening openSession(const Session& session);

// Makes the session name only what the workspace has: tensor, reference, channels. Returns what is missing.
std::vector<std::string> keepWhatIsThere(Session& session, const Workspace& workspace);

}  // namespace app
