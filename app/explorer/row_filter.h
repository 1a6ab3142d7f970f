#pragma once

#include "app/explorer/fuzzy_match.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

struct TensorRow;

// What the text above the tensor table asks for, words parted by blanks, all of which must hold:
//   conv wei        the name matches each word (FuzzyPattern)
//   dtype:f16       the dtype begins so, in either case
//   shape:64x3      the shape begins so
//   elements>1000   numbers: elements, rank, absmax, sigma, clip, sqnr with < <= > >= = != (or : for =); k, m
//   rank:2          and g after a number are powers of 1000. A row without the number does not hold
//   is:problem      cannot be analyzed; is:ok: can
// A word with another field before its operator is part of a name.
class RowFilter {
public:
    RowFilter() = default;
    explicit RowFilter(std::string_view text);

    bool isEmpty() const { return m_patterns.empty() && m_conditions.empty(); }
    // What is wrong with a condition, such as one that is still being typed; it then holds for every row.
    const std::string& problem() const { return m_problem; }

    bool matches(const TensorRow& row) const;
    // The two halves of it.
    bool matchesName(std::string_view name) const;
    bool hasConditions() const { return !m_conditions.empty(); }
    bool meetsConditions(const TensorRow& row) const;

    // How well the name matches: the sum of its words' scores. The row must match.
    int score(const TensorRow& row) const;
    // Bytes of the name where the matched characters begin, ascending; to highlight them.
    std::vector<size_t> positions(std::string_view name) const;

private:
    bool addCondition(std::string_view word);

    std::vector<FuzzyPattern> m_patterns;
    std::vector<std::function<bool(const TensorRow&)>> m_conditions;
    std::string m_problem;
};

}  // namespace app
