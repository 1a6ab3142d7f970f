#pragma once

#include <cstddef>
#include <optional>

namespace app {

// Columns to write within: COLUMNS where it is set, else the terminal's; none when the stream is no terminal.
std::optional<size_t> lineWidth(int descriptor);

// Whether escape sequences are welcome: a terminal, NO_COLOR unset or empty, TERM not "dumb".
bool wantsColour(int descriptor);

}  // namespace app
