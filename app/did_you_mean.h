#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// Insertions, deletions, exchanges and swaps of neighbours that turn one text into the other.
size_t editDistance(std::string_view from, std::string_view to);

// The candidate that `text` was probably meant to be: it begins with the text, or is at most a third of its
// length away. The first of equally close ones. None for texts of less than 3 or more than 200 bytes.
std::optional<std::string> closest(std::string_view text, const std::vector<std::string>& candidates);

// "; did you mean 'octav'?", or nothing when no candidate is close.
std::string didYouMean(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace app
