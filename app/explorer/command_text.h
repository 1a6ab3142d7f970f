#pragma once

#include "app/explorer/session.h"

#include <string>
#include <string_view>
#include <vector>

namespace app {

// The argument as a POSIX shell reads it back, bare where it needs no quotes. It must hold no NUL.
std::string shellQuoted(std::string_view argument);
std::string shellLine(const std::vector<std::string>& arguments);

// A pattern for --filter that matches the name alone; of a name with a NUL, which no argument can hold, what
// comes before it, as --filter itself sees no more.
std::string globOf(std::string_view name);

enum class CommandKind { Analyze, Sweep, Compare, Quantize, Devices };

// The command that computes what a session shows, as its view decides: clip: sweep, or analyze where a sweep
// cannot be (formats without a free clip; several inputs); channels: analyze per channel; compare: compare;
// values: quantize; device: devices.
CommandKind commandKind(const Session& session);

// Its arguments, from "clipscope" on; none where there is no input to compute from. What the command would
// refuse is left out, such as methods that mean nothing on the formats. tensorFile: the one of the session's
// inputs that holds the tensor, where the session names a folder or several; empty where there is but one. A
// clip set by hand has no option: sweep gives the whole curve around it. quantize writes a file beside the
// working folder's, named after the first input and the format.
std::vector<std::string> commandArguments(const Session& session, CommandKind kind,
                                          const std::string& tensorFile = {});

// A line for a shell: those of commandKind().
std::string commandText(const Session& session, const std::string& tensorFile = {});

}  // namespace app
