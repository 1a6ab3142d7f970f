#include "app/number_text.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace app {

namespace {

std::string formatted(const char* format, int digits, double value) {
    char text[400];  // the largest double has 309 digits before the point
    std::snprintf(text, sizeof text, format, digits, value);
    return text;
}

}  // namespace

std::string significant(double value, int digits) {
    if (value == 0) return "0";
    std::string text = formatted("%#.*g", digits, value);
    const size_t exponent = text.find('e');
    // "e-07" says no more than "e-7".
    if (exponent != std::string::npos && text[exponent + 2] == '0') text.erase(exponent + 2, 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

std::string fixedPoint(double value, int digits, bool withPlus) {
    if (std::abs(value) < 0.5 * std::pow(10, -digits)) value = 0;  // no "-0.00"
    return formatted(withPlus ? "%+.*f" : "%.*f", digits, value);
}

std::string exact(double value) {
    if (!std::isfinite(value)) return "";
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string sizeText(uint64_t bytes) {
    constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    auto value = static_cast<double>(bytes);
    size_t unit = 0;
    for (; value >= 1024; value /= 1024) ++unit;
    const bool isWhole = value == std::floor(value);
    return fixedPoint(value, isWhole ? 0 : 1) + " " + units[unit];
}

std::string sqnrText(const std::optional<double>& sqnrDb, double squaredError, uint64_t finiteElements) {
    if (sqnrDb) return fixedPoint(*sqnrDb, 2);
    return squaredError == 0 && finiteElements > 0 ? "exact" : "-";
}

std::string notFiniteText(uint64_t notNumbers, uint64_t infinities) {
    std::string text;
    if (notNumbers > 0) text = std::to_string(notNumbers) + " NaN";
    if (infinities > 0) text += (text.empty() ? "" : " and ") + std::to_string(infinities) + " infinite";
    return text;
}

std::string shapeText(const std::vector<uint64_t>& shape) {
    if (shape.empty()) return "scalar";
    std::string text;
    for (const uint64_t size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
    return text;
}

std::string counted(uint64_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace app
