// The percentile calibrator: the smallest value with at least P% of the finite |x| at or below it (nearest
// rank).
#include "quant/percentile.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace quant {

namespace {

constexpr uint32_t fractionDigits = 9;
constexpr uint64_t billion = 1'000'000'000;

}  // namespace

Percentile::Percentile(std::string_view text) : m_text(text) {
    const auto refuse = [&] {
        throw std::invalid_argument("'" + m_text + "' is not a percentile above 0 and up to 100");
    };
    const size_t point = std::min(text.find('.'), text.size());
    const std::string_view whole = text.substr(0, point);
    const std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
    const auto isDigit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
    if (whole.size() > 3 || fraction.size() > fractionDigits || whole.size() + fraction.size() == 0) refuse();
    if (!std::ranges::all_of(whole, isDigit) || !std::ranges::all_of(fraction, isDigit)) refuse();
    const std::string digits =
        std::string(whole) + std::string(fraction) + std::string(fractionDigits - fraction.size(), '0');
    m_billionths = std::stoull(digits);
    if (m_billionths == 0 || m_billionths > 100 * billion) refuse();
}

uint64_t Percentile::rank(uint64_t elements) const {
    const Uint128 scaled = static_cast<Uint128>(elements) * m_billionths;
    const Uint128 hundred = static_cast<Uint128>(100) * billion;
    return static_cast<uint64_t>((scaled + hundred - 1) / hundred);
}

}  // namespace quant
