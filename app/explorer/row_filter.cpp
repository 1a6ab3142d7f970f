#include "app/explorer/row_filter.h"

#include "app/explorer/tensor_rows.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace app {

namespace {

constexpr std::string_view blanks = " \t\r\n";

using Number = std::optional<double> (*)(const TensorRow&);

struct NumberField {
    std::string_view name;
    Number value;
};

constexpr NumberField numberFields[] = {
    {"elements", [](const TensorRow& row) { return std::optional(static_cast<double>(row.elements)); }},
    {"rank", [](const TensorRow& row) { return std::optional(static_cast<double>(row.rank)); }},
    {"absmax", [](const TensorRow& row) { return row.absmax; }},
    {"sigma", [](const TensorRow& row) { return row.sigma; }},
    {"clip", [](const TensorRow& row) { return row.clip; }},
    {"sqnr", [](const TensorRow& row) { return row.sqnrDb; }},
};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool beginsAlike(std::string_view text, std::string_view start) {
    return text.size() >= start.size() &&
           std::ranges::equal(text.substr(0, start.size()), start, {}, lower, lower);
}

bool isAlike(std::string_view a, std::string_view b) {
    return a.size() == b.size() && beginsAlike(a, b);
}

// "1000", "1.5k", "-3".
std::optional<double> numberFrom(std::string_view text) {
    double factor = 1;
    if (!text.empty()) {
        const size_t unit = std::string_view("kmg").find(lower(text.back()));
        constexpr double factors[] = {1e3, 1e6, 1e9};
        if (unit != std::string_view::npos) {
            factor = factors[unit];
            text.remove_suffix(1);
        }
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value != value) return {};
    return value * factor;
}

bool holds(double value, std::string_view operation, double bound) {
    if (operation == "<") return value < bound;
    if (operation == "<=") return value <= bound;
    if (operation == ">") return value > bound;
    if (operation == ">=") return value >= bound;
    return (value == bound) == (operation != "!=");
}

struct Words {
    std::string_view field, operation, value;
};

// The word cut at its first operator; no operation where it has none.
Words cut(std::string_view word) {
    const size_t at = word.find_first_of("<>=!:");
    if (at == std::string_view::npos || at == 0) return {word, "", ""};
    const bool isDouble = at + 1 < word.size() && word[at + 1] == '=' && word[at] != ':' && word[at] != '=';
    if (word[at] == '!' && !isDouble) return {word, "", ""};
    const size_t length = isDouble ? 2 : 1;
    return {word.substr(0, at), word.substr(at, length), word.substr(at + length)};
}

}  // namespace

RowFilter::RowFilter(std::string_view text) {
    for (size_t at = 0; (at = text.find_first_not_of(blanks, at)) != std::string_view::npos;) {
        const size_t end = std::min(text.find_first_of(blanks, at), text.size());
        const std::string_view word = text.substr(at, end - at);
        if (!addCondition(word)) m_patterns.emplace_back(word);
        at = end;
    }
}

// False for a word that is no condition.
bool RowFilter::addCondition(std::string_view word) {
    const auto [field, operation, value] = cut(word);
    if (operation.empty()) return false;
    const auto refuse = [&](std::string_view need) {
        if (m_problem.empty()) m_problem = "'" + std::string(word) + "': " + std::string(need);
        return true;
    };
    const bool isWordField = operation == ":" || operation == "=" || operation == "!=";
    if (isAlike(field, "dtype") || isAlike(field, "shape")) {
        if (!isWordField) return refuse("texts are compared by ':' or '!='");
        if (value.empty()) return refuse("a text is needed");
        m_conditions.push_back([isDtype = isAlike(field, "dtype"), isWanted = operation != "!=",
                                start = std::string(value)](const TensorRow& row) {
            return beginsAlike(isDtype ? row.dtype : row.shape, start) == isWanted;
        });
        return true;
    }
    if (isAlike(field, "is")) {
        const bool isProblem = isAlike(value, "problem");
        if (!isWordField || (!isProblem && !isAlike(value, "ok"))) return refuse("there are problem and ok");
        m_conditions.push_back([isWanted = isProblem == (operation != "!=")](const TensorRow& row) {
            return row.problem.empty() != isWanted;
        });
        return true;
    }
    const auto number = std::ranges::find_if(
        numberFields, [&](const NumberField& entry) { return isAlike(field, entry.name); });
    if (number == std::end(numberFields)) return false;
    const auto bound = numberFrom(value);
    if (!bound) return refuse("a number is needed");
    m_conditions.push_back(
        [read = number->value, operation = std::string(operation), bound = *bound](const TensorRow& row) {
            const auto found = read(row);
            return found && holds(*found, operation, bound);
        });
    return true;
}

bool RowFilter::matches(const TensorRow& row) const {
    return meetsConditions(row) && matchesName(row.name);
}

bool RowFilter::matchesName(std::string_view name) const {
    return std::ranges::all_of(m_patterns, [&](const auto& pattern) { return pattern.matches(name); });
}

bool RowFilter::meetsConditions(const TensorRow& row) const {
    return std::ranges::all_of(m_conditions, [&](const auto& condition) { return condition(row); });
}

int RowFilter::score(const TensorRow& row) const {
    int sum = 0;
    for (const FuzzyPattern& pattern : m_patterns) {
        if (const auto match = pattern.match(row.name)) sum += match->score;
    }
    return sum;
}

std::vector<size_t> RowFilter::positions(std::string_view name) const {
    std::vector<size_t> all;
    for (const FuzzyPattern& pattern : m_patterns) {
        if (const auto match = pattern.match(name))
            all.insert(all.end(), match->positions.begin(), match->positions.end());
    }
    std::ranges::sort(all);
    const auto twice = std::ranges::unique(all);
    all.erase(twice.begin(), twice.end());
    return all;
}

}  // namespace app
