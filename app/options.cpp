#include "app/options.h"

#include "app/did_you_mean.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <cfloat>
#include <charconv>
#include <cmath>
#include <ranges>
#include <set>
#include <stdexcept>

namespace app {

namespace {

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

// Fails for anything but one number that fits.
template <class Number>
bool parseNumber(std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (const auto part : std::views::split(text, separator)) parts.emplace_back(part.begin(), part.end());
    return parts;
}

void requireOneOf(std::string_view text, const std::vector<std::string>& names) {
    if (std::ranges::contains(names, text)) return;
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    throw std::invalid_argument(quoted(text) + " is none of " + list + didYouMean(text, names));
}

quant::Method methodOrSuggestion(std::string_view text) {
    try {
        return quant::methodFrom(text);
    } catch (const std::invalid_argument&) {
        const bool isFamily = text.contains(':');  // then the parameter is at fault, and the message says how
        const std::string suggestion = isFamily ? "" : didYouMean(text, quant::methodNames());
        if (suggestion.empty()) throw;
        throw std::invalid_argument("unknown method " + quoted(text) + suggestion);
    }
}

}  // namespace

uint32_t oneBitWidthFrom(std::string_view text) {
    uint64_t bits = 0;
    if (!parseNumber(text, bits)) throw std::invalid_argument(quoted(text) + " is not a bit width");
    if (bits < 1 || bits > 16)
        throw std::invalid_argument("a bit width lies between 1 and 16, not " + quoted(text));
    return static_cast<uint32_t>(bits);
}

std::vector<uint32_t> bitsFrom(std::string_view text) {
    std::set<uint32_t> all;
    for (const std::string_view part : split(text, ',')) {
        const size_t dash = part.find('-', 1);
        const uint32_t first = oneBitWidthFrom(part.substr(0, dash));
        const uint32_t last = dash == std::string_view::npos ? first : oneBitWidthFrom(part.substr(dash + 1));
        if (first > last) throw std::invalid_argument("the range " + quoted(part) + " runs downwards");
        for (uint32_t bits = first; bits <= last; ++bits) all.insert(bits);
    }
    if (all.empty()) throw std::invalid_argument("a list such as 4, 2-8 or 4,8 is needed");
    return {all.begin(), all.end()};
}

std::vector<quant::Method> methodsFrom(std::string_view text) {
    std::vector<quant::Method> methods;
    for (const std::string_view part : split(text, ',')) {
        quant::Method method = methodOrSuggestion(part);
        if (!std::ranges::contains(methods, method.name(), &quant::Method::name))
            methods.push_back(std::move(method));
    }
    if (methods.empty()) throw std::invalid_argument("the name of a method is needed");
    return methods;
}

quant::NumberFormat oneFormatFrom(std::string_view text) {
    try {
        return quant::numberFormatFrom(text);
    } catch (const std::invalid_argument&) {
        std::string lower(text);
        std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
        const std::string suggestion = didYouMean(lower, quant::numberFormatNames());
        if (suggestion.empty()) throw;
        throw std::invalid_argument("unknown number format " + quoted(text) + suggestion);
    }
}

std::vector<quant::NumberFormat> formatsFrom(std::string_view text) {
    std::vector<quant::NumberFormat> formats;
    for (const std::string_view part : split(text, ',')) {
        const auto format = oneFormatFrom(part);
        if (!std::ranges::contains(formats, format)) formats.push_back(format);
    }
    return formats;
}

std::vector<quant::Granularity> granularitiesFrom(std::string_view text) {
    std::vector<quant::Granularity> granularities;
    for (const std::string_view part : split(text, ',')) {
        const auto granularity = quant::granularityFrom(part);
        if (!std::ranges::contains(granularities, granularity)) granularities.push_back(granularity);
    }
    return granularities;
}

quant::Rounding roundingFrom(std::string_view text) {
    constexpr std::string_view stochastic = "stochastic";
    if (text == "nearest") return {};
    if (text == stochastic) return {.isStochastic = true};
    quant::Rounding rounding{.isStochastic = true};
    if (text.starts_with(stochastic) && text.substr(stochastic.size()).starts_with(':') &&
        parseNumber(text.substr(stochastic.size() + 1), rounding.seed))
        return rounding;
    throw std::invalid_argument(quoted(text) + " is none of nearest, stochastic, stochastic:SEED" +
                                didYouMean(text, {"nearest", "stochastic"}));
}

quant::Sign signFrom(std::string_view text) {
    if (text == "auto") return quant::Sign::Auto;
    if (text == "signed") return quant::Sign::Signed;
    if (text == "unsigned") return quant::Sign::Unsigned;
    throw std::invalid_argument(quoted(text) + " is none of auto, signed, unsigned" +
                                didYouMean(text, {"auto", "signed", "unsigned"}));
}

std::string_view name(quant::Sign sign) {
    switch (sign) {
        case quant::Sign::Auto:
            return "auto";
        case quant::Sign::Signed:
            return "signed";
        case quant::Sign::Unsigned:
            break;
    }
    return "unsigned";
}

uint64_t sizeFrom(std::string_view text) {
    constexpr std::string_view units = "KMGT";
    const size_t unit = text.empty() ? std::string_view::npos : units.find(text.back());
    const auto shift = unit == std::string_view::npos ? 0 : 10 * (unit + 1);
    uint64_t value = 0;
    if (!parseNumber(text.substr(0, text.size() - (shift > 0)), value)) {
        throw std::invalid_argument(quoted(text) + " is not a size such as 512M or 2G");
    }
    if (value > UINT64_MAX >> shift)
        throw std::invalid_argument("the size " + quoted(text) + " is too large");
    return value << shift;
}

uint64_t memoryFrom(std::string_view text) {
    const uint64_t bytes = sizeFrom(text);
    if (bytes < uint64_t{16} << 20)
        throw std::invalid_argument("at least 16M are needed, not " + quoted(text));
    return bytes;
}

double positiveFrom(std::string_view text) {
    double value = 0;
    if (!parseNumber(text, value) || !(value > 0 && value < 1e9))
        throw std::invalid_argument(quoted(text) + " is no number above zero");
    return value;
}

float floatFrom(std::string_view text) {
    float value = 0;
    if (!parseNumber(text, value) || !std::isfinite(value))
        throw std::invalid_argument(quoted(text) + " is no number that a float can hold");
    return value;
}

uint32_t countFrom(std::string_view text, uint32_t least, uint32_t most) {
    uint64_t count = 0;
    if (!parseNumber(text, count) || count < least || count > most) {
        throw std::invalid_argument(quoted(text) + " is no whole number from " + std::to_string(least) +
                                    " to " + std::to_string(most));
    }
    return static_cast<uint32_t>(count);
}

quant::GemmTypes gemmTypesFrom(std::string_view text) {
    requireOneOf(text, {"fp32", "tf32", "fp16", "fp16:fp16", "bf16", "int16", "int8", "uint8", "int4",
                        "ternary", "binary"});
    return quant::gemmTypesFrom(text);
}

std::optional<quant::GemmPath> gemmPathFrom(std::string_view text) {
    requireOneOf(text, {"auto", "reference", "tiled", "shared", "skinny", "dot", "coopmat"});
    if (text == "auto") return {};
    return quant::gemmPathFrom(text);
}

quant::GemmTypes convTypesFrom(std::string_view text) {
    requireOneOf(text, {"fp32", "fp16", "bf16", "int8", "uint8", "int4", "ternary", "binary"});
    const quant::GemmTypes ofProduct = quant::gemmTypesFrom(text);  // weights are B there
    return {ofProduct.b, ofProduct.a};
}

std::string convTypeName(quant::GemmTypes types) {
    return name(quant::GemmTypes(types.b, types.a));
}

std::optional<quant::ConvolutionPath> convPathFrom(std::string_view text) {
    requireOneOf(text, {"auto", "direct", "im2col", "implicit", "winograd2", "winograd4"});
    if (text == "auto") return {};
    return quant::convolutionPathFrom(text);
}

ExtentPair extentPairFrom(std::string_view text, uint32_t least, uint32_t most) {
    const auto parts = split(text, 'x');
    if (parts.empty() || parts.size() > 2 || std::ranges::any_of(parts, &std::string_view::empty))
        throw std::invalid_argument(quoted(text) + " is neither one number nor two such as 3x5");
    return {countFrom(parts.front(), least, most), countFrom(parts.back(), least, most)};
}

std::optional<Padding> paddingFrom(std::string_view text) {
    constexpr uint32_t most = (1u << 30) - 1;
    if (text == "same") return {};
    const auto sides = split(text, ',');
    const bool isNumbers = text.find_first_not_of("0123456789x,") == text.npos;
    if (isNumbers && sides.size() == 1) {
        const auto [y, x] = extentPairFrom(text, 0, most);
        return Padding{y, x, y, x};
    }
    if (!isNumbers || sides.size() != 4)
        throw std::invalid_argument(quoted(text) + " is no padding such as same, 1, 1x2 or 0,1,0,1");
    const auto side = [&](size_t index) { return countFrom(sides[index], 0, most); };
    return Padding{side(0), side(1), side(2), side(3)};
}

int32_t zeroPointFrom(std::string_view text) {
    int32_t level = 0;
    if (!parseNumber(text, level) || level < -128 || level > 255)
        throw std::invalid_argument(quoted(text) + " is no level of an 8-bit integer, -128 to 255");
    return level;
}

uint32_t pointsFrom(std::string_view text) {
    return countFrom(text, 2, 65536);
}

std::pair<double, double> rangeFrom(std::string_view text) {
    const size_t colon = text.find(':');
    std::pair<double, double> range;
    const bool isRead = colon != std::string_view::npos && parseNumber(text.substr(0, colon), range.first) &&
                        parseNumber(text.substr(colon + 1), range.second);
    // Not the other way round: NaN must fail. Clips are normal floats.
    if (!isRead || !(range.first >= FLT_MIN && range.first < range.second && range.second <= FLT_MAX)) {
        throw std::invalid_argument(quoted(text) + " is no range of clips such as 0.01:2");
    }
    return range;
}

bool matches(const std::string& glob, const std::string& name) {
    return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

}  // namespace app
