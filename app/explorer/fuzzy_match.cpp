#include "app/explorer/fuzzy_match.h"

#include "quant/utf8.h"

#include <algorithm>
#include <climits>
#include <span>
#include <tuple>

namespace app {

namespace {

constexpr size_t mostPatternCharacters = 64, mostTextCharacters = 2048;

// A matched character is worth so much, and more where it is easily seen. A gap costs so much per character,
// up to a limit, so that a word's beginning far away still wins over a place within a word.
constexpr int perCharacter = 16, forWordStart = 14, forNeighbour = 12, forSameCase = 1;
constexpr int gapStart = 3, gapCharacter = 1, mostLeadingGap = 10;
constexpr int impossible = INT_MIN / 2;

struct Character {
    char32_t code = 0;
    size_t at = 0;  // byte
    bool isWordStart = false;
};

char32_t folded(char32_t code) {
    return code >= 'A' && code <= 'Z' ? code + 32 : code;
}

// One that is not UTF-8 is a single byte, beyond all that Unicode has.
quant::Utf8Character decoded(std::string_view text) {
    const auto character = quant::decodeUtf8(text);
    if (character.bytes > 0) return character;
    return {0x110000u + static_cast<unsigned char>(text.front()), 1};
}

bool isDigit(char32_t code) {
    return code >= '0' && code <= '9';
}

bool beginsWord(char32_t before, char32_t code) {
    constexpr std::u32string_view separators = U"._/-: \t\\";
    if (separators.contains(code)) return false;
    if (separators.contains(before)) return true;
    const bool isUpper = code >= 'A' && code <= 'Z', wasLower = before >= 'a' && before <= 'z';
    return (isUpper && wasLower) || (isDigit(code) && !isDigit(before));
}

std::vector<Character> charactersOf(std::string_view text) {
    std::vector<Character> characters;
    characters.reserve(text.size());
    char32_t before = '.';
    for (size_t at = 0; at < text.size();) {
        const auto [code, bytes] = decoded(text.substr(at));
        characters.push_back({code, at, beginsWord(before, code)});
        before = code;
        at += bytes;
    }
    return characters;
}

// The best score of each prefix of the pattern at each character of the text (as Smith and Waterman's local
// alignment with affine gaps, 1981/82, where the pattern has none).
class Alignment {
public:
    Alignment(const std::vector<char32_t>& pattern, const std::vector<char32_t>& foldedPattern,
              const std::vector<Character>& text)
        : m_pattern(pattern),
          m_folded(foldedPattern),
          m_text(text),
          m_ends(pattern.size() * text.size(), impossible),
          m_befores(pattern.size() * text.size(), SIZE_MAX) {
        for (size_t i = 0; i < pattern.size(); ++i) fill(i);
    }

    std::optional<FuzzyMatch> best() const {
        const size_t last = (m_pattern.size() - 1) * m_text.size();
        const auto row = std::span(m_ends).subspan(last, m_text.size());
        const auto found = std::ranges::max_element(row);
        if (*found == impossible) return {};
        FuzzyMatch match{*found, {}};
        size_t column = static_cast<size_t>(found - row.begin());
        for (size_t i = m_pattern.size(); i-- > 0;) {
            match.positions.push_back(m_text[column].at);
            column = m_befores[i * m_text.size() + column];
        }
        std::ranges::reverse(match.positions);
        return match;
    }

private:
    int own(size_t i, size_t j) const {
        return perCharacter + (m_text[j].isWordStart ? forWordStart : 0) +
               (m_text[j].code == m_pattern[i] ? forSameCase : 0);
    }

    // Row i: the character i of the pattern at character j of the text.
    void fill(size_t i) {
        const size_t row = i * m_text.size(), previous = row - m_text.size();
        int gap = impossible;  // best of those before j that are not its neighbour, less the gap
        size_t gapColumn = SIZE_MAX;
        for (size_t j = i; j < m_text.size(); ++j) {
            if (i > 0 && j >= 2) {
                const int opened = m_ends[previous + j - 2];
                gap = gap == impossible ? impossible : gap - gapCharacter;
                if (opened != impossible && opened - gapStart > gap) {
                    gap = opened - gapStart;
                    gapColumn = j - 2;
                }
            }
            if (folded(m_text[j].code) != m_folded[i]) continue;
            if (i == 0) {
                m_ends[j] = own(i, j) - std::min(static_cast<int>(j), mostLeadingGap);
                continue;
            }
            const int neighbour = m_ends[previous + j - 1];
            const int beside = neighbour == impossible ? impossible : neighbour + forNeighbour;
            if (std::max(beside, gap) == impossible) continue;
            m_ends[row + j] = own(i, j) + std::max(beside, gap);
            m_befores[row + j] = beside >= gap ? j - 1 : gapColumn;
        }
    }

    const std::vector<char32_t>& m_pattern;
    const std::vector<char32_t>& m_folded;
    const std::vector<Character>& m_text;
    std::vector<int> m_ends;
    std::vector<size_t> m_befores;
};

}  // namespace

FuzzyPattern::FuzzyPattern(std::string_view pattern) {
    for (const Character& character : charactersOf(pattern.substr(0, 4 * mostPatternCharacters))) {
        if (m_characters.size() == mostPatternCharacters) break;
        m_characters.push_back(character.code);
        m_folded.push_back(folded(character.code));
        m_isAscii = m_isAscii && character.code < 128;
        if (m_isAscii) m_foldedBytes += static_cast<char>(m_folded.back());
    }
}

bool FuzzyPattern::matches(std::string_view text) const {
    size_t at = 0;
    if (m_isAscii) {
        // Bytes of longer characters are none of ASCII's.
        for (const char lower : m_foldedBytes) {
            const char upper = lower >= 'a' && lower <= 'z' ? static_cast<char>(lower - 32) : lower;
            while (at < text.size() && text[at] != lower && text[at] != upper) ++at;
            if (at++ == text.size()) return false;
        }
        return true;
    }
    size_t next = 0;
    while (at < text.size() && next < m_folded.size()) {
        const auto [code, bytes] = decoded(text.substr(at));
        next += folded(code) == m_folded[next];
        at += bytes;
    }
    return next == m_folded.size();
}

std::optional<FuzzyMatch> FuzzyPattern::match(std::string_view text) const {
    if (isEmpty()) return FuzzyMatch{};
    if (!matches(text)) return {};
    const auto characters = charactersOf(text);
    if (characters.size() <= mostTextCharacters) return Alignment(m_characters, m_folded, characters).best();
    FuzzyMatch first;
    for (const Character& character : characters) {
        if (first.positions.size() == m_folded.size()) break;
        if (folded(character.code) == m_folded[first.positions.size()])
            first.positions.push_back(character.at);
    }
    return first;
}

std::vector<size_t> bestMatches(const FuzzyPattern& pattern, const std::vector<std::string>& texts) {
    std::vector<std::tuple<int, size_t, size_t>> found;  // less is better
    for (size_t i = 0; i < texts.size(); ++i) {
        if (const auto match = pattern.match(texts[i])) found.emplace_back(-match->score, texts[i].size(), i);
    }
    std::ranges::sort(found);
    std::vector<size_t> order;
    for (const auto& entry : found) order.push_back(std::get<2>(entry));
    return order;
}

}  // namespace app
