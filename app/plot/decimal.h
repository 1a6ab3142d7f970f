#pragma once

#include <cstdint>
#include <string>

namespace app {

// The minus sign of texts, U+2212.
inline constexpr const char* minusSign = "\u2212";

// "⁻⁷": superscript digits.
std::string superscript(int number);

// The number with an ASCII hyphen in front turned into one with a minus sign.
std::string withMinusSign(std::string number);

// The exact decimal number digits·10^exponent. Ticks are such numbers, so that their texts say exactly where
// they lie.
struct Decimal {
    int64_t digits = 0;
    int exponent = 0;

    // The closest double; 0 or infinity where that is out of range.
    double value() const;

    // "0.050" with 3 decimals, which must not be fewer than the number has; "0" for zero whatever the
    // decimals.
    std::string plain(int decimals) const;

    // "2.5×10⁻⁷", "10⁴", "20", "3": no exponent of 0 or 1 for whole numbers below 100.
    std::string scientific() const;

    int decimals() const;  // digits after the point that the number needs

private:
    Decimal reduced() const;  // without trailing zeros among the digits
};

}  // namespace app
