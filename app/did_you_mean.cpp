#include "app/did_you_mean.h"

#include "quant/input_error.h"

#include <algorithm>

namespace app {

size_t editDistance(std::string_view from, std::string_view to) {
    // Three rows of the table of prefixes are enough (optimal string alignment).
    std::vector<size_t> before, previous(to.size() + 1), current(to.size() + 1);
    for (size_t j = 0; j <= to.size(); ++j) previous[j] = j;
    for (size_t i = 1; i <= from.size(); ++i) {
        current[0] = i;
        for (size_t j = 1; j <= to.size(); ++j) {
            const size_t exchange = previous[j - 1] + (from[i - 1] != to[j - 1]);
            current[j] = std::min({previous[j] + 1, current[j - 1] + 1, exchange});
            const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
        }
        before = previous;
        std::swap(previous, current);
    }
    return previous[to.size()];
}

std::optional<std::string> closest(std::string_view text, const std::vector<std::string>& candidates) {
    // Nothing is like a letter; long texts come from no one's keyboard, and the comparison is quadratic.
    if (text.size() < 3 || text.size() > 200) return {};
    std::optional<std::string> best;
    size_t bestDistance = text.size() / 3 + 1;
    for (const auto& candidate : candidates) {
        const size_t lengthGap =
            std::max(candidate.size(), text.size()) - std::min(candidate.size(), text.size());
        const bool isPrefix = candidate.starts_with(text);
        if (!isPrefix && lengthGap >= bestDistance) continue;
        const size_t distance = isPrefix ? 1 : editDistance(text, candidate);
        if (distance >= bestDistance) continue;
        best = candidate;
        bestDistance = distance;
    }
    return best;
}

std::string didYouMean(std::string_view text, const std::vector<std::string>& candidates) {
    const auto found = closest(text, candidates);
    return found ? "; did you mean '" + quant::printable(*found, 200) + "'?" : "";
}

}  // namespace app
