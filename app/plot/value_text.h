#pragma once

#include <cstdint>
#include <string>

namespace app {

// Texts of numbers for people to read beside pictures, with real minus signs and powers of ten. For sizes in
// bytes and for machines see app/number_text.h.

// With at most so many significant digits (1 to 15), without trailing zeros: "0.2739", "16", "1.2×10⁻⁷".
// Plain from 0.001 to below 100000. "∞" and "−∞"; "n/a" for NaN.
std::string valueText(double value, int digits = 4);

// "31.42 dB"; as valueText where it is not finite.
std::string decibelText(double decibels);

// A fraction of one: "0.31%", "12.5%", "100%"; what is neither 0 nor 1 never reads "0%" or "100%".
std::string percentText(double fraction);

// Elements: "9999", "12.3 k", "4.2 M", "1.5 G", "3 T".
std::string countText(uint64_t count);

}  // namespace app
