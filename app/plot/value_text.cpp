#include "app/plot/value_text.h"

#include "app/plot/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace app {

namespace {

// The value rounded to so many significant digits.
Decimal rounded(double value, int digits) {
    char text[64];
    char* const end =
        std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, digits - 1).ptr;
    char* const mark = std::find(text, end, 'e');
    std::string mantissa(text, mark);
    std::erase(mantissa, '.');
    Decimal result;
    std::from_chars(mantissa.data(), mantissa.data() + mantissa.size(), result.digits);
    std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, result.exponent);
    result.exponent -= digits - 1;
    return result;
}

std::string fixed(double value, int decimals) {
    char text[400];  // the largest double has 309 digits before the point
    char* const end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr;
    return withMinusSign(std::string(text, end));
}

}  // namespace

std::string valueText(double value, int digits) {
    if (std::isnan(value)) return "n/a";
    if (std::isinf(value)) return value < 0 ? "−∞" : "∞";
    const Decimal decimal = rounded(value, std::clamp(digits, 1, 15));
    const double size = std::abs(decimal.value());
    const bool isPlain = size == 0 || (size >= 0.001 && size < 1e5);
    return isPlain ? decimal.plain(decimal.decimals()) : decimal.scientific();
}

std::string decibelText(double decibels) {
    if (!std::isfinite(decibels)) return valueText(decibels);
    return fixed(std::abs(decibels) < 0.005 ? 0 : decibels, 2) + " dB";
}

std::string percentText(double fraction) {
    const double percent = 100 * fraction;
    if (!std::isfinite(percent)) return valueText(percent);
    std::string text = valueText(percent, 3);
    if (text == "100" && percent < 100) text = "99.9";
    return text + "%";
}

std::string countText(uint64_t count) {
    if (count < 10000) return std::to_string(count);
    static constexpr const char* units[] = {" k", " M", " G", " T", " P", " E"};
    double value = double(count);
    size_t unit = 0;
    for (value /= 1000; value >= 999.5 && unit + 1 < std::size(units); ++unit) value /= 1000;
    return valueText(value, value < 9.95 ? 2 : 3) + units[unit];
}

}  // namespace app
