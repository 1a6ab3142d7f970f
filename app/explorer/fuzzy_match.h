#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

struct FuzzyMatch {
    int score = 0;                  // higher is better; of one pattern, over all texts
    std::vector<size_t> positions;  // of the matched characters: where they begin, in bytes, ascending
};

// A pattern that matches texts which hold its characters in order, others between them: "cw3" in
// "conv.3.weight" does not, "c3w" does. ASCII letters match in either case. Texts need not be UTF-8.
class FuzzyPattern {
public:
    // Characters beyond the 64th are left out.
    explicit FuzzyPattern(std::string_view pattern);

    bool isEmpty() const { return m_characters.empty(); }

    // Whether it matches at all; much cheaper than match().
    bool matches(std::string_view text) const;

    // The best way to match: characters beside each other, at the beginning of words (after . _ / - : and
    // blanks, an upper case letter after a lower case one, a number), of the same case, near the front. An
    // empty pattern matches everything, with score 0. Of texts longer than 2048 characters the first way
    // that there is, not the best. Cost: characters of the pattern times those of the text.
    std::optional<FuzzyMatch> match(std::string_view text) const;

private:
    std::vector<char32_t> m_characters;
    std::vector<char32_t> m_folded;  // in lower case
    std::string m_foldedBytes;       // where all are ASCII
    bool m_isAscii = true;
};

// The indices of the texts that match, the best first; equally good ones by length, then in the order given.
std::vector<size_t> bestMatches(const FuzzyPattern& pattern, const std::vector<std::string>& texts);

}  // namespace app
