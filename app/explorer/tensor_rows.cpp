#include "app/explorer/tensor_rows.h"

#include "app/number_text.h"
#include "quant/profile.h"
#include "quant/tensor_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <compare>
#include <utility>

namespace app {

namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// The digits at the front of a text, without leading zeros; takes them away from it.
std::string_view takeDigits(std::string_view& text) {
    const auto end = std::ranges::find_if_not(text, isDigit);
    std::string_view digits = text.substr(0, static_cast<size_t>(end - text.begin()));
    text.remove_prefix(digits.size());
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
}

int sign(std::strong_ordering order) {
    return order < 0 ? -1 : order > 0;
}

// A number whose order as an unsigned integer is that of the double; the sign bit of zero does not count.
uint64_t orderedBits(double value) {
    const auto bits = std::bit_cast<uint64_t>(value + 0.0);
    return bits >> 63 ? ~bits : bits | uint64_t{1} << 63;
}

struct Keyed {
    uint64_t key;
    uint32_t row;
};

// By key, ascending, equal ones as they are: a radix sort, which at 100,000 rows is several times as fast as
// comparing them. Digits that all keys share cost a look alone.
void sortByKey(std::vector<Keyed>& keyed) {
    constexpr uint32_t digitBits = 11, digits = 1u << digitBits;
    uint64_t ones = 0, zeros = 0;
    for (const Keyed& entry : keyed) {
        ones |= entry.key;
        zeros |= ~entry.key;
    }
    std::vector<Keyed> sorted(keyed.size());
    for (uint32_t shift = 0; shift < 64; shift += digitBits) {
        if (((ones & zeros) >> shift & (digits - 1)) == 0) continue;
        std::array<uint32_t, digits + 1> starts{};
        const auto digitOf = [&](const Keyed& entry) { return entry.key >> shift & (digits - 1); };
        for (const Keyed& entry : keyed) ++starts[digitOf(entry) + 1];
        for (uint32_t digit = 0; digit < digits; ++digit) starts[digit + 1] += starts[digit];
        for (const Keyed& entry : keyed) sorted[starts[digitOf(entry)]++] = entry;
        keyed.swap(sorted);
    }
}

// Ranks of the rows' texts by natural order; equal ones share a rank. Quick where few are different.
std::vector<uint32_t> naturalRanks(const std::vector<TensorRow>& rows, std::string TensorRow::* text) {
    std::unordered_map<std::string_view, uint32_t> rankOf;
    std::vector<std::string_view> different;
    for (const TensorRow& row : rows) {
        if (rankOf.emplace(row.*text, 0).second) different.push_back(row.*text);
    }
    std::ranges::sort(different, [](auto a, auto b) { return naturalOrder(a, b) < 0; });
    for (uint32_t rank = 0; rank < different.size(); ++rank) rankOf[different[rank]] = rank;
    std::vector<uint32_t> ranks;
    for (const TensorRow& row : rows) ranks.push_back(rankOf[row.*text]);
    return ranks;
}

}  // namespace

TensorRow tensorRow(size_t index, const quant::TensorInfo& info, std::string problem) {
    return {.index = index,
            .name = info.name,
            .dtype = info.encoding.empty() ? std::string(quant::name(info.dtype)) : info.encoding,
            .shape = shapeText(info.shape),
            .rank = info.shape.size(),
            .elements = info.elements,
            .problem = std::move(problem)};
}

std::vector<float> magnitudeBins(const quant::Profile& profile) {
    constexpr uint32_t perBin = 4;  // of the profile's eight bins per octave
    std::vector<float> bins(sparklineBins, 0.0f);
    const uint32_t top = std::bit_cast<uint32_t>(profile.absmax()) >> 20;
    double tallest = 0;
    std::array<double, sparklineBins> counts{};
    for (uint32_t below = 0; below <= top && below < perBin * sparklineBins; ++below) {
        double& count = counts[sparklineBins - 1 - below / perBin];
        count += static_cast<double>(profile.count(top - below, quant::Sides::Both));
        tallest = std::max(tallest, count);
    }
    if (tallest == 0) return bins;
    std::ranges::transform(counts, bins.begin(),
                           [&](double count) { return static_cast<float>(count / tallest); });
    return bins;
}

int naturalOrder(std::string_view a, std::string_view b) {
    const std::string_view wholeA = a, wholeB = b;
    while (!a.empty() && !b.empty()) {
        if (isDigit(a.front()) && isDigit(b.front())) {
            const std::string_view digitsA = takeDigits(a), digitsB = takeDigits(b);
            if (digitsA.size() != digitsB.size()) return digitsA.size() < digitsB.size() ? -1 : 1;
            if (const int order = digitsA.compare(digitsB); order != 0) return order < 0 ? -1 : 1;
            continue;
        }
        if (a.front() != b.front())
            return static_cast<unsigned char>(a.front()) < static_cast<unsigned char>(b.front()) ? -1 : 1;
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    if (a.empty() != b.empty()) return a.empty() ? -1 : 1;
    return sign(wholeA <=> wholeB);
}

TensorRows::TensorRows(std::vector<TensorRow> rows) : m_rows(std::move(rows)) {
    m_nameStarts.reserve(m_rows.size() + 1);
    for (const TensorRow& row : m_rows) {
        m_nameStarts.push_back(m_names.size());
        m_names.insert(m_names.end(), row.name.begin(), row.name.end());
    }
    m_nameStarts.push_back(m_names.size());
    m_firstOfName.reserve(m_rows.size());
    for (uint32_t row = 0; row < m_rows.size(); ++row) m_firstOfName.emplace(nameOf(row), row);
}

std::string_view TensorRows::nameOf(size_t row) const {
    return std::string_view(m_names).substr(m_nameStarts[row], m_nameStarts[row + 1] - m_nameStarts[row]);
}

TensorRow& TensorRows::change(size_t row) {
    m_isStale = true;
    return m_rows.at(row);
}

std::span<const uint32_t> TensorRows::visible(const TableState& state) {
    if (m_isStale || state != m_state) {
        if (state.filter != m_state.filter) m_filter = RowFilter(state.filter);
        m_state = state;
        refilter();
        sort();
        m_isStale = false;
    }
    return m_visible;
}

void TensorRows::refilter() {
    m_visible.clear();
    for (uint32_t row = 0; row < m_rows.size(); ++row) {
        if (!m_filter.matchesName(nameOf(row))) continue;
        if (!m_filter.hasConditions() || m_filter.meetsConditions(m_rows[row])) m_visible.push_back(row);
    }
}

// What a row is sorted by where that is no rank; none: last.
std::optional<uint64_t> TensorRows::keyOf(uint32_t row, TableColumn column) const {
    const auto key = [](const std::optional<double>& value) -> std::optional<uint64_t> {
        if (!value || std::isnan(*value)) return {};
        return orderedBits(*value);
    };
    switch (column) {
        case TableColumn::Elements:
            return m_rows[row].elements;
        case TableColumn::Absmax:
            return key(m_rows[row].absmax);
        case TableColumn::Sigma:
            return key(m_rows[row].sigma);
        case TableColumn::Clip:
            return key(m_rows[row].clip);
        case TableColumn::Sqnr:
            return key(m_rows[row].sqnrDb);
        case TableColumn::Match:
            return ~orderedBits(m_filter.score(m_rows[row]));
        default:
            return row;
    }
}

const std::vector<uint32_t>* TensorRows::ranksOf(TableColumn column) {
    const auto filled = [this](std::vector<uint32_t>& ranks, std::string TensorRow::* text) {
        if (ranks.empty()) ranks = naturalRanks(m_rows, text);
        return &ranks;
    };
    if (column == TableColumn::Name) return filled(m_nameRanks, &TensorRow::name);
    if (column == TableColumn::Dtype) return filled(m_dtypeRanks, &TensorRow::dtype);
    if (column == TableColumn::Shape) return filled(m_shapeRanks, &TensorRow::shape);
    return nullptr;
}

void TensorRows::sort() {
    const TableColumn column = m_state.isWorstFirst ? TableColumn::Sqnr : m_state.column;
    const bool isDescending = !m_state.isWorstFirst && m_state.isDescending;
    const auto* ranks = ranksOf(column);
    std::vector<Keyed> keyed;
    std::vector<uint32_t> missing;
    keyed.reserve(m_visible.size());
    for (const uint32_t row : m_visible) {
        const auto key = ranks ? std::optional<uint64_t>((*ranks)[row]) : keyOf(row, column);
        if (key)
            keyed.push_back({isDescending ? ~*key : *key, row});
        else
            missing.push_back(row);
    }
    sortByKey(keyed);
    const auto end = std::ranges::transform(keyed, m_visible.begin(), &Keyed::row).out;
    std::ranges::copy(missing, end);
}

std::optional<uint32_t> TensorRows::find(std::string_view name) const {
    const auto found = m_firstOfName.find(name);
    if (found == m_firstOfName.end()) return {};
    return found->second;
}

std::optional<size_t> TensorRows::placeOf(std::string_view name) const {
    const auto found = std::ranges::find_if(m_visible, [&](uint32_t row) { return nameOf(row) == name; });
    if (found == m_visible.end()) return {};
    return static_cast<size_t>(found - m_visible.begin());
}

std::optional<uint32_t> TensorRows::step(std::string_view selected, RowStep step, size_t pageRows) const {
    if (m_visible.empty()) return {};
    const size_t last = m_visible.size() - 1;
    const auto place = placeOf(selected);
    const bool isForward = step == RowStep::Next || step == RowStep::PageDown;
    if (step == RowStep::First || (!place && isForward)) return m_visible.front();
    if (step == RowStep::Last || !place) return m_visible.back();
    const bool isPage = step == RowStep::PageUp || step == RowStep::PageDown;
    const size_t rows = isPage ? std::max<size_t>(pageRows, 1) : 1;
    size_t at = isForward ? *place + std::min(rows, last - *place) : *place - std::min(rows, *place);
    while (nameOf(m_visible[at]) == selected && at != (isForward ? last : 0)) at += isForward ? 1 : -1;
    return m_visible[at];
}

}  // namespace app
