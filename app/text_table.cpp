#include "app/text_table.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <span>
#include <utility>

namespace app {

namespace {

constexpr size_t gap = 2;              // blanks between columns
constexpr size_t narrowestFirst = 16;  // of the first column, when space is short
constexpr std::string_view ellipsis = "…";

struct CodeRange {
    char32_t first, last;
};

constexpr CodeRange zeroWidth[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x064b, 0x065f},
                                   {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
constexpr CodeRange doubleWidth[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
                                     {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                                     {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
                                     {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

bool isIn(char32_t code, std::span<const CodeRange> ranges) {
    return std::ranges::any_of(ranges, [&](const CodeRange& r) { return code >= r.first && code <= r.last; });
}

size_t widthOf(char32_t code) {
    return isIn(code, zeroWidth) ? 0 : isIn(code, doubleWidth) ? 2 : 1;
}

struct Character {
    std::string_view bytes;
    size_t width;
};

// Cuts the first character off the text. A byte that starts none counts as a character of its own.
Character takeCharacter(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    const size_t bytes = std::min(wanted, text.size());
    char32_t code = bytes == 1 ? lead : lead & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
    const Character result{text.substr(0, bytes), widthOf(code)};
    text.remove_prefix(bytes);
    return result;
}

std::vector<Character> charactersOf(std::string_view text) {
    std::vector<Character> characters;
    while (!text.empty()) characters.push_back(takeCharacter(text));
    return characters;
}

std::string_view startOf(Style style) {
    switch (style) {
        case Style::Plain:
            break;
        case Style::Strong:
            return "\x1b[1m";
        case Style::Faint:
            return "\x1b[2m";
    }
    return "";
}

// The text cut at its front, with "…" there.
std::string shortenedFront(std::string_view utf8, size_t width) {
    if (displayWidth(utf8) <= width) return std::string(utf8);
    const auto characters = charactersOf(utf8);
    size_t used = 1;
    auto first = characters.end();
    while (used + std::prev(first)->width <= width) used += (--first)->width;
    std::string text(ellipsis);
    for (; first != characters.end(); ++first) text += first->bytes;
    return text;
}

size_t totalWidth(const std::vector<size_t>& widths) {
    return std::accumulate(widths.begin(), widths.end(), size_t{0}) +
           gap * (std::max<size_t>(widths.size(), 1) - 1);
}

}  // namespace

size_t displayWidth(std::string_view utf8) {
    size_t width = 0;
    while (!utf8.empty()) width += takeCharacter(utf8).width;
    return width;
}

std::string shortened(std::string_view utf8, size_t width) {
    if (displayWidth(utf8) <= width) return std::string(utf8);
    const auto characters = charactersOf(utf8);
    const size_t tailWidth = (width - 1) / 2, headWidth = width - 1 - tailWidth;
    std::string head, tail;
    size_t used = 0;
    for (const Character& character : characters) {
        if ((used += character.width) > headWidth) break;
        head += character.bytes;
    }
    used = 0;
    auto first = characters.end();
    while (first != characters.begin() && used + std::prev(first)->width <= tailWidth)
        used += (--first)->width;
    for (; first != characters.end(); ++first) tail += first->bytes;
    return head + std::string(ellipsis) + tail;
}

void TextTable::addRow(std::vector<Cell> cells) {
    cells.resize(m_columns.size());
    m_rows.push_back(std::move(cells));
}

TextTable::Widths TextTable::naturalWidths() const {
    Widths widths(m_columns.size(), 0);
    for (const auto& row : m_rows) {
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], displayWidth(row[i].text));
    }
    return widths;
}

bool TextTable::fits(const TableFormat& format) const {
    return !format.width || totalWidth(naturalWidths()) <= *format.width;
}

// Which columns stand side by side, block after block.
std::vector<std::vector<size_t>> TextTable::blocks(const Widths& widths, const TableFormat& format) const {
    std::vector<size_t> fixed(std::min(format.fixedColumns, widths.size()));
    std::iota(fixed.begin(), fixed.end(), size_t{0});
    size_t fixedWidth = 0;
    for (const size_t column : fixed) fixedWidth += widths[column] + gap;
    std::vector<std::vector<size_t>> result = {fixed};
    size_t used = fixedWidth;
    for (size_t column = fixed.size(); column < widths.size(); ++column) {
        const bool isFull = format.width && used + widths[column] > *format.width;
        if (isFull && result.back().size() > fixed.size()) {
            result.push_back(fixed);
            used = fixedWidth;
        }
        result.back().push_back(column);
        used += widths[column] + gap;
    }
    return result;
}

void TextTable::renderRow(std::string& to, const std::vector<Cell>& row, const std::vector<size_t>& block,
                          const Widths& widths, bool hasColour) const {
    std::string line;
    size_t blanks = 0;  // not yet written: a line has none at its end
    for (const size_t column : block) {
        const std::string text = shortened(row[column].text, std::max<size_t>(widths[column], 1));
        const size_t padding = widths[column] - std::min(widths[column], displayWidth(text));
        const bool isRight = m_columns[column] == Align::Right;
        if (isRight) blanks += padding;
        if (!text.empty()) {
            const std::string_view start = hasColour ? startOf(row[column].style) : "";
            line += std::string(blanks, ' ') + std::string(start) + text + (start.empty() ? "" : "\x1b[0m");
            blanks = 0;
        }
        blanks += gap + (isRight ? 0 : padding);
    }
    while (line.ends_with(' ')) line.pop_back();
    to += line + "\n";
}

// What is cut in the middle must still tell the rows apart; else the front goes: names of layers end alike
// less often than they begin alike.
void TextTable::shortenFirst(size_t width) {
    std::set<std::string> all, cut;
    for (const auto& row : m_rows) {
        all.insert(row[0].text);
        cut.insert(shortened(row[0].text, width));
    }
    for (auto& row : m_rows)
        row[0].text =
            cut.size() < all.size() ? shortenedFront(row[0].text, width) : shortened(row[0].text, width);
}

std::string TextTable::render(const TableFormat& format) const {
    Widths widths = naturalWidths();
    const size_t total = totalWidth(widths);
    if (format.width && total > *format.width && widths[0] > narrowestFirst) {
        const size_t excess = total - *format.width;
        // Where the table is split in any case, names may take half a line.
        widths[0] = widths[0] >= narrowestFirst + excess
                        ? widths[0] - excess
                        : std::min(widths[0], std::max(narrowestFirst, *format.width / 2));
    }
    TextTable shown = *this;
    if (!m_rows.empty()) shown.shortenFirst(std::max<size_t>(widths[0], 1));
    std::string text;
    for (const auto& block : blocks(widths, format)) {
        if (!text.empty()) text += "\n";
        for (const auto& row : shown.m_rows) renderRow(text, row, block, widths, format.hasColour);
    }
    return text;
}

}  // namespace app
