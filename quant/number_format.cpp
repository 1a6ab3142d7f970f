#include "quant/number_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace quant {

namespace {

constexpr NumberFormat floatFormat(uint32_t exponentBits, uint32_t mantissaBits,
                                   ScaleRule rule = ScaleRule::Free, uint32_t blockSize = 0) {
    NumberFormat format{.bits = 1 + exponentBits + mantissaBits, .spacing = Spacing::Float};
    format.exponentBits = exponentBits;
    format.mantissaBits = mantissaBits;
    format.scaleRule = rule;
    format.blockSize = blockSize;
    return format;
}

constexpr NumberFormat blockIntegers() {
    NumberFormat format{.bits = 8};
    format.scaleRule = ScaleRule::E8M0;
    format.blockSize = 32;
    return format;
}

struct NamedFormat {
    std::string_view name;
    NumberFormat format;
};
constexpr std::array namedFormats = {
    NamedFormat{"tf32", floatFormat(8, 10, ScaleRule::Fixed)},
    NamedFormat{"fp16", floatFormat(5, 10, ScaleRule::Fixed)},
    NamedFormat{"bf16", floatFormat(8, 7, ScaleRule::Fixed)},
    NamedFormat{"fp8-e4m3", floatFormat(4, 3)},
    NamedFormat{"fp8-e5m2", floatFormat(5, 2)},
    NamedFormat{"fp6-e2m3", floatFormat(2, 3)},
    NamedFormat{"fp6-e3m2", floatFormat(3, 2)},
    NamedFormat{"fp4-e2m1", floatFormat(2, 1)},
    NamedFormat{"mxint8", blockIntegers()},
    NamedFormat{"mxfp8-e4m3", floatFormat(4, 3, ScaleRule::E8M0, 32)},
    NamedFormat{"mxfp8-e5m2", floatFormat(5, 2, ScaleRule::E8M0, 32)},
    NamedFormat{"mxfp6-e2m3", floatFormat(2, 3, ScaleRule::E8M0, 32)},
    NamedFormat{"mxfp6-e3m2", floatFormat(3, 2, ScaleRule::E8M0, 32)},
    NamedFormat{"mxfp4", floatFormat(2, 1, ScaleRule::E8M0, 32)},
    NamedFormat{"nvfp4", floatFormat(2, 1, ScaleRule::E4M3, 16)},
};

struct Alias {
    std::string_view name, stands;
};
constexpr std::array aliases = {
    Alias{"e4m3", "fp8-e4m3"}, Alias{"e5m2", "fp8-e5m2"},    Alias{"e2m3", "fp6-e2m3"},
    Alias{"e3m2", "fp6-e3m2"}, Alias{"e2m1", "fp4-e2m1"},    Alias{"fp4", "fp4-e2m1"},
    Alias{"ternary", "int2"},  Alias{"mxfp4-e2m1", "mxfp4"}, Alias{"float16", "fp16"},
    Alias{"int1", "binary"},   Alias{"bfloat16", "bf16"},
};

// What the largest exponent field stands for.
enum class Specials { None, NanOnly, Ieee };
Specials specialsOf(const NumberFormat& format) {
    if (format.exponentBits == 4 && format.mantissaBits == 3) return Specials::NanOnly;
    const bool isIeee = format.mantissaBits > 0 && format.exponentBits >= 5;
    return isIeee ? Specials::Ieee : Specials::None;
}

int32_t biasOf(const NumberFormat& format) {
    const int32_t half = 1 << (format.exponentBits - 1);
    return format.mantissaBits == 0 ? 2 * half - 1 : half - 1;
}

// Magnitude code (exponent field and mantissa) of the largest finite value.
uint32_t largestCode(const NumberFormat& format) {
    const uint32_t top = (1u << (format.exponentBits + format.mantissaBits)) - 1;
    switch (specialsOf(format)) {
        case Specials::NanOnly:
            return top - 1;
        case Specials::Ieee:
            return top - (1u << format.mantissaBits);
        case Specials::None:
            break;
    }
    return top;
}

double magnitudeOf(const NumberFormat& format, uint32_t code) {
    const uint32_t mantissa = code & ((1u << format.mantissaBits) - 1), field = code >> format.mantissaBits;
    const auto mantissaBits = static_cast<int>(format.mantissaBits);
    const int exponent = std::max(static_cast<int>(field), 1) - biasOf(format) - mantissaBits;
    return std::ldexp(mantissa + (field > 0 ? 1u << format.mantissaBits : 0u), exponent);
}

double roundedToSpacing(double y, double spacing) {
    return std::nearbyint(y / spacing) * spacing;
}

// Consumes a whole number in [low, high], without leading zeros, from the front of the text.
std::optional<uint32_t> takeNumber(std::string_view& text, uint32_t low, uint32_t high) {
    uint32_t value = 0;
    if (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') return {};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < low || value > high) return {};
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

bool takePrefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

std::optional<NumberFormat> integerFrom(std::string_view text) {
    const bool isSigned = !takePrefix(text, "u");
    if (!takePrefix(text, "int")) return {};
    const auto bits = takeNumber(text, 1, maxGridBits);
    if (!bits) return {};
    NumberFormat format{.bits = *bits, .isSigned = isSigned};
    if (text == "-affine") format.isAffine = format.isFull = true;
    if (text == "-pow2") format.scaleRule = ScaleRule::PowerOfTwo;
    if (text == "-full" && isSigned) format.isFull = true;
    const bool isKnown = text.empty() || format != NumberFormat{.bits = *bits, .isSigned = isSigned};
    // A signed bit has a narrow range without levels but zero.
    if (!isKnown || (format.largest() == 0 && !format.isFull)) return {};
    return format;
}

std::optional<NumberFormat> fixedPointFrom(std::string_view text) {
    const bool isSigned = !takePrefix(text, "u");
    if (!takePrefix(text, "q")) return {};
    const auto whole = takeNumber(text, 0, maxGridBits);
    if (!whole || !takePrefix(text, ".")) return {};
    const auto fraction = takeNumber(text, 0, 64);
    if (!fraction || !text.empty()) return {};
    const uint32_t bits = *whole + *fraction + (isSigned ? 1 : 0);
    if (bits < 1 || bits > maxGridBits) return {};
    NumberFormat format{.bits = bits, .isSigned = isSigned, .isFull = isSigned};
    format.scaleRule = ScaleRule::Fixed;
    format.fixedExponent = -static_cast<int32_t>(*fraction);
    return format;
}

std::optional<NumberFormat> powersFrom(std::string_view text) {
    if (!takePrefix(text, "pot")) return {};
    const auto bits = takeNumber(text, 2, 8);
    if (!bits || !text.empty()) return {};
    return floatFormat(*bits - 1, 0);
}

std::string integerName(const NumberFormat& format) {
    std::string name = (format.isSigned ? "int" : "uint") + std::to_string(format.bits);
    if (format.isAffine) return name + "-affine";
    if (format.scaleRule == ScaleRule::PowerOfTwo) return name + "-pow2";
    return format.isFull ? name + "-full" : name;
}

}  // namespace

std::string NumberFormat::name() const {
    if (spacing == Spacing::Binary) return "binary";
    for (const auto& [name, format] : namedFormats) {
        if (format == *this) return std::string(name);
    }
    if (spacing == Spacing::Float) return "pot" + std::to_string(bits);
    if (scaleRule == ScaleRule::Fixed) {
        const int32_t whole = static_cast<int32_t>(bits) - (isSigned ? 1 : 0) + fixedExponent;
        return (isSigned ? "q" : "uq") + std::to_string(whole) + "." + std::to_string(-fixedExponent);
    }
    return integerName(*this);
}

double NumberFormat::largest() const {
    if (spacing == Spacing::Binary) return 1;
    if (spacing == Spacing::Float) return magnitudeOf(*this, largestCode(*this));
    return static_cast<double>((1 << (isSigned ? bits - 1 : bits)) - 1);
}

double NumberFormat::smallest() const {
    if (spacing != Spacing::Uniform) return -largest();
    if (!isSigned) return 0;
    return isFull ? -largest() - 1 : -largest();
}

int32_t NumberFormat::smallestExponent() const {
    return 1 - biasOf(*this);
}

double NumberFormat::spacingAt(double magnitude) const {
    if (spacing == Spacing::Binary) return 2;
    if (spacing == Spacing::Uniform) return 1;
    const int exponent = magnitude > 0 ? std::ilogb(magnitude) : smallestExponent();
    return std::ldexp(1.0, std::max(exponent, smallestExponent()) - static_cast<int>(mantissaBits));
}

std::optional<double> NumberFormat::fixedScale() const {
    if (scaleRule != ScaleRule::Fixed) return {};
    return std::ldexp(1.0, fixedExponent);
}

uint64_t NumberFormat::inverseNoiseFactor() const {
    const auto level = static_cast<uint64_t>(clipLevel());
    return 12 * level * level;
}

double NumberFormat::quantize(double y) const {
    if (spacing == Spacing::Binary) return y < 0 ? -1 : 1;
    if (std::isnan(y)) return spacing == Spacing::Float && specialsOf(*this) != Specials::None ? y : 0;
    const double clamped = std::clamp(y, smallest(), largest());
    return std::clamp(roundedToSpacing(clamped, spacingAt(std::abs(clamped))), smallest(), largest());
}

uint32_t NumberFormat::encode(double element) const {
    const uint32_t mask = (1u << bits) - 1;
    if (spacing == Spacing::Binary) return element > 0 ? 1 : 0;
    if (spacing == Spacing::Uniform)
        return static_cast<uint32_t>(static_cast<int32_t>(std::isnan(element) ? 0 : element)) & mask;
    if (std::isnan(element)) {
        const uint32_t quietBit = specialsOf(*this) == Specials::Ieee ? 1u << (mantissaBits - 1) : 1;
        return specialsOf(*this) == Specials::None
                   ? 0
                   : largestCode(*this) + quietBit + (specialsOf(*this) == Specials::Ieee ? 1 : 0);
    }
    const double magnitude = std::abs(element);
    const uint32_t sign = std::signbit(element) ? 1u << (bits - 1) : 0;
    if (magnitude == 0) return sign;
    const int exponent = std::max(std::ilogb(magnitude), smallestExponent());
    const auto significand =
        static_cast<uint32_t>(std::ldexp(magnitude, static_cast<int>(mantissaBits) - exponent));
    // The significand's leading bit, if there is one, adds 1 to the exponent field.
    const auto field = static_cast<uint32_t>(exponent - smallestExponent());
    return sign | ((field << mantissaBits) + significand);
}

double NumberFormat::decode(uint32_t code) const {
    if (spacing == Spacing::Binary) return code != 0 ? 1 : -1;
    const bool isNegative = isSigned && (code >> (bits - 1) & 1) != 0;
    if (spacing == Spacing::Uniform) {
        return static_cast<double>(code) - (isNegative ? std::ldexp(1.0, static_cast<int>(bits)) : 0.0);
    }
    const uint32_t magnitude = code & ((1u << (bits - 1)) - 1);
    double value = magnitudeOf(*this, magnitude);
    if (magnitude > largestCode(*this)) {
        const bool isInfinite = specialsOf(*this) == Specials::Ieee && magnitude == largestCode(*this) + 1;
        value =
            isInfinite ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    }
    return isNegative ? -value : value;
}

uint64_t NumberFormat::positiveLevelCount() const {
    if (spacing == Spacing::Binary) return 1;
    return uint64_t{1} + (spacing == Spacing::Float ? largestCode(*this) : static_cast<uint32_t>(largest()));
}

std::vector<double> NumberFormat::positiveLevels() const {
    if (spacing == Spacing::Binary) return {1};
    std::vector<double> levels;
    for (uint32_t code = 0; code < positiveLevelCount(); ++code) levels.push_back(decode(code));
    return levels;
}

NumberFormat integerFormat(uint32_t bits, bool isSigned) {
    if (bits == 1 && isSigned) return {.bits = 1, .isSigned = true, .spacing = Spacing::Binary};
    return {.bits = bits, .isSigned = isSigned};
}

NumberFormat numberFormatFrom(std::string_view text) {
    for (const auto& [name, stands] : aliases) {
        if (text == name) return numberFormatFrom(stands);
    }
    if (text == "binary") return integerFormat(1, true);
    for (const auto& [name, format] : namedFormats) {
        if (text == name) return format;
    }
    for (const auto& parsed : {integerFrom(text), fixedPointFrom(text), powersFrom(text)}) {
        if (parsed) return *parsed;
    }
    std::string names;
    for (const auto& [name, format] : namedFormats) names += ", " + std::string(name);
    throw std::invalid_argument("unknown number format '" + std::string(text) +
                                "'; there are int2 to int16 and uint1 to uint16, plain or with -full, "
                                "-affine or -pow2, q3.4 and the like, "
                                "pot2 to pot8, ternary, binary" +
                                names);
}

const std::vector<std::string>& numberFormatNames() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all = {"int8",        "int4",         "uint8",     "int8-full",
                                        "int8-affine", "uint8-affine", "int8-pow2", "q3.4",
                                        "uq4.4",       "pot4",         "ternary",   "binary"};
        for (const auto& [name, format] : namedFormats) all.emplace_back(name);
        return all;
    }();
    return names;
}

}  // namespace quant
