#pragma once

#include "app/explorer/session.h"

#include <string>
#include <vector>

namespace app {

class Workspace;

// Opens those inputs of a session that can be opened, in place of what is open, and makes the session name
// only what is there: inputs, tensor, reference, channels. Returns what is missing, a line each. Throws
// quant::InputError where the session names inputs and none of them can be opened, and std::invalid_argument
// for a raw layout that is none; what was open is then still there.
std::vector<std::string> openWhatIsThere(Session& session, Workspace& workspace);

}  // namespace app
