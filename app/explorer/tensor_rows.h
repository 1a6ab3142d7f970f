#pragma once

#include "app/explorer/row_filter.h"
#include "app/explorer/session.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quant {
class Profile;
struct TensorInfo;
}  // namespace quant

namespace app {

// What the tensor table says of a tensor; numbers are none until it has been analyzed.
struct TensorRow {
    size_t index = 0;  // of the tensor, in whatever order the caller has them
    std::string name, dtype, shape;
    uint64_t rank = 0, elements = 0;
    std::optional<double> absmax, sigma, clip, sqnrDb;  // clip and SQNR at the chosen bits
    std::vector<float> bins;  // for a sparkline: magnitudeBins(); empty until analyzed
    std::string problem;      // why it cannot be analyzed; empty where it can
};

// A row of what the file's header says. `problem`: as in TensorRow.
TensorRow tensorRow(size_t index, const quant::TensorInfo& info, std::string problem = {});

// How magnitudes are spread over the 16 octaves below the largest, half an octave a bin, the largest last:
// the tallest bin is 1. All 0 where no element is finite and nonzero; smaller ones are left out.
constexpr size_t sparklineBins = 32;
std::vector<float> magnitudeBins(const quant::Profile& profile);

// "layer.2" before "layer.10": runs of digits compare as numbers, all else as bytes. Texts that are equal so
// far ("x1", "x01") compare as bytes: never 0 for different texts. As operator<=>: below, at or above 0.
int naturalOrder(std::string_view a, std::string_view b);

enum class RowStep { Previous, Next, PageUp, PageDown, First, Last };

// The rows of the tensor table and which of them are shown in what order. Filtering and sorting 100,000 rows
// costs some milliseconds, and nothing while neither rows nor state change; but the first time that names are
// sorted costs about 1 µs for each.
class TensorRows {
public:
    TensorRows() : TensorRows(std::vector<TensorRow>()) {}
    explicit TensorRows(std::vector<TensorRow> rows);
    TensorRows(TensorRows&&) = default;  // a copy's m_firstOfName would look into the original
    TensorRows& operator=(TensorRows&&) = default;

    const std::vector<TensorRow>& rows() const { return m_rows; }
    // For a change of its numbers and problem; its texts stay.
    TensorRow& change(size_t row);

    // Which rows are shown, in order, as places in rows(). Those without the number that sorts come last,
    // whatever the direction; equal ones keep the order of rows(). Worst first: by SQNR, the lowest on top.
    // The column Match: those whose names match best; without words as File.
    std::span<const uint32_t> visible(const TableState& state);
    // Of the state that visible() was last asked for.
    const RowFilter& filter() const { return m_filter; }

    // The first row of that name.
    std::optional<uint32_t> find(std::string_view name) const;
    // Its place in what visible() returned last; none where it is not shown.
    std::optional<size_t> placeOf(std::string_view name) const;
    // The shown row that a key leads to from the selected one; a name that is not shown counts as before the
    // first and after the last. A page: pageRows, at least 1. Rows of the selected name are passed over, as
    // two files may share one. None where nothing is shown.
    std::optional<uint32_t> step(std::string_view selected, RowStep step, size_t pageRows) const;

private:
    std::string_view nameOf(size_t row) const;
    void refilter();
    void sort();
    std::optional<uint64_t> keyOf(uint32_t row, TableColumn column) const;
    const std::vector<uint32_t>* ranksOf(TableColumn column);

    std::vector<TensorRow> m_rows;
    // All names one after another, as filtering waits for memory otherwise, and where each begins.
    std::vector<char> m_names;
    std::vector<size_t> m_nameStarts;
    // Of each row among all by natural order; empty until asked for.
    std::vector<uint32_t> m_nameRanks, m_dtypeRanks, m_shapeRanks;
    std::unordered_map<std::string_view, uint32_t> m_firstOfName;
    TableState m_state;
    RowFilter m_filter;
    std::vector<uint32_t> m_visible;
    bool m_isStale = true;
};

}  // namespace app
