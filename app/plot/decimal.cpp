#include "app/plot/decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace app {

std::string superscript(int number) {
    static constexpr std::array<std::string_view, 10> digits = {"⁰", "¹", "²", "³", "⁴",
                                                                "⁵", "⁶", "⁷", "⁸", "⁹"};
    std::string text;
    for (const char c : std::to_string(number))
        text += c == '-' ? std::string_view("⁻") : digits[size_t(c - '0')];
    return text;
}

std::string withMinusSign(std::string number) {
    if (number.starts_with('-')) number.replace(0, 1, minusSign);
    return number;
}

Decimal Decimal::reduced() const {
    if (digits == 0) return {};
    Decimal result = *this;
    while (result.digits % 10 == 0) {
        result.digits /= 10;
        ++result.exponent;
    }
    return result;
}

double Decimal::value() const {
    if (digits == 0) return 0;
    // Through text, as the product with a power of ten would be rounded twice.
    const std::string text = std::to_string(digits) + "e" + std::to_string(exponent);
    double value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc::result_out_of_range)
        return exponent < 0 ? 0 : std::copysign(std::numeric_limits<double>::infinity(), double(digits));
    return value;
}

int Decimal::decimals() const {
    return std::max(0, -reduced().exponent);
}

std::string Decimal::plain(int decimals) const {
    if (digits == 0) return "0";
    const Decimal shortest = reduced();
    std::string text = std::to_string(std::abs(shortest.digits));
    text.append(size_t(std::max(0, shortest.exponent + decimals)), '0');
    if (decimals > 0) {
        if (text.size() <= size_t(decimals)) text.insert(0, size_t(decimals) + 1 - text.size(), '0');
        text.insert(text.size() - size_t(decimals), ".");
    }
    return digits < 0 ? minusSign + text : text;
}

std::string Decimal::scientific() const {
    if (digits == 0) return "0";
    const Decimal shortest = reduced();
    std::string mantissa = std::to_string(std::abs(shortest.digits));
    const int power = shortest.exponent + int(mantissa.size()) - 1;
    std::string text;
    if ((power == 0 || power == 1) && shortest.exponent >= 0) {
        text = mantissa + std::string(size_t(shortest.exponent), '0');
    } else {
        if (mantissa.size() > 1) mantissa.insert(1, ".");
        if (mantissa != "1") text = mantissa + (power == 0 ? "" : "×");
        if (power != 0) text += "10" + (power == 1 ? std::string() : superscript(power));
    }
    return digits < 0 ? minusSign + text : text;
}

}  // namespace app
