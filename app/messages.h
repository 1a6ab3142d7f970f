#pragma once

#include <string_view>

namespace app {

// Prints "clipscope: KIND: TEXT" as one line on stderr, in place of a progress bar. kind: "error", "warning",
// "note" or "validation". Control characters in the text are made harmless.
void printMessage(std::string_view kind, std::string_view text);

}  // namespace app
