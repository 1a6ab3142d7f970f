#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// Columns that a text takes on a terminal: combining marks take none, East Asian characters and emoji two.
size_t displayWidth(std::string_view utf8);

// The text cut in the middle, with "…" there, to at most `width` columns (at least 1).
std::string shortened(std::string_view utf8, size_t width);

enum class Align { Left, Right };
enum class Style { Plain, Strong, Faint };

struct Cell {
    std::string text;  // printable() UTF-8
    Style style = Style::Plain;
};

struct TableFormat {
    std::optional<size_t> width;  // columns of the terminal; none: as wide as it gets
    size_t fixedColumns = 1;      // columns that every block repeats when the table is split
    bool hasColour = false;
};

// Text in aligned columns. The first row heads them.
class TextTable {
public:
    explicit TextTable(std::vector<Align> columns) : m_columns(std::move(columns)) {}

    // Cells from the left; those left out are empty.
    void addRow(std::vector<Cell> cells);

    // Whether render() neither shortens nor splits.
    bool fits(const TableFormat& format) const;

    // The lines of the table. Too wide a table has its first column shortened, down to 16 columns; where that
    // is not enough it is split into blocks, one below the other, that repeat the fixed columns, and the
    // first takes half a line at most.
    std::string render(const TableFormat& format) const;

private:
    using Widths = std::vector<size_t>;
    Widths naturalWidths() const;
    std::vector<std::vector<size_t>> blocks(const Widths& widths, const TableFormat& format) const;
    void shortenFirst(size_t width);
    void renderRow(std::string& to, const std::vector<Cell>& row, const std::vector<size_t>& block,
                   const Widths& widths, bool hasColour) const;

    std::vector<Align> m_columns;
    std::vector<std::vector<Cell>> m_rows;
};

}  // namespace app
