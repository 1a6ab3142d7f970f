#include "quant/element_check.h"

#include "quant/half_float.h"
#include "quant/philox.h"

#include <cmath>
#include <format>

namespace quant {

namespace {

constexpr uint64_t mostMultiplications = uint64_t{1} << 24, sampleElements = 4096;
constexpr uint64_t sampleSeed = 20270111;

// Of fewer than 8 bits, in two's complement, or a sign.
int packedInteger(std::span<const std::byte> bytes, GemmType type, uint64_t index) {
    const uint32_t bits = elementBits(type), perByte = 8 / bits;
    const uint32_t code =
        std::to_integer<uint32_t>(bytes[index / perByte]) >> index % perByte * bits & ((1u << bits) - 1);
    if (type == GemmType::Binary) return code ? 1 : -1;
    const int half = 1 << (bits - 1);
    return (static_cast<int>(code) ^ half) - half;
}

// Integers that wrap are compared as what they are modulo 2^32.
double wrappedDifference(double a, double b) {
    const auto difference =
        static_cast<uint32_t>(static_cast<int64_t>(a)) - static_cast<uint32_t>(static_cast<int64_t>(b));
    return std::abs(static_cast<double>(static_cast<int32_t>(difference)));
}

double errorOf(double value, double expected, double bound) {
    if (std::isnan(bound)) return std::isfinite(value) ? HUGE_VAL : 0;
    const double error = std::abs(value - expected);
    return std::isnan(error) ? HUGE_VAL : error;
}

}  // namespace

std::string ElementCheck::problem() const {
    if (isPassed()) return "";
    return std::format(
        "{} of {} elements compared are wrong; the worst, of {}, is {} instead of {}, and may err by {:.3g}",
        exceeding, elements, place, value, expected, errorBound);
}

std::vector<uint64_t> chosenElements(uint64_t all, uint64_t depth) {
    const bool isSmall = all <= sampleElements || static_cast<double>(all) * static_cast<double>(depth) <=
                                                      static_cast<double>(mostMultiplications);
    std::vector<uint64_t> chosen;
    if (isSmall) {
        for (uint64_t i = 0; i < all; ++i) chosen.push_back(i);
        return chosen;
    }
    for (uint64_t i = 0; i < sampleElements; ++i) {
        const uint64_t begin = i * all / sampleElements, end = (i + 1) * all / sampleElements;
        chosen.push_back(begin + philoxBits(sampleSeed, i) % (end - begin));
    }
    if (chosen.back() != all - 1) chosen.push_back(all - 1);
    return chosen;
}

double elementAt(std::span<const std::byte> operand, GemmType type, uint64_t index) {
    switch (type) {
        case GemmType::Fp32:
            return loaded<float>(operand, index);
        case GemmType::Fp16:
            return floatFromHalf(loaded<uint16_t>(operand, index));
        case GemmType::Bf16:
            return floatFromBfloat(loaded<uint16_t>(operand, index));
        case GemmType::Tf32:
            return tf32FromFloat(loaded<float>(operand, index));
        case GemmType::Int16:
            return loaded<int16_t>(operand, index);
        case GemmType::Int8:
            return loaded<int8_t>(operand, index);
        case GemmType::Uint8:
            return loaded<uint8_t>(operand, index);
        default:
            return packedInteger(operand, type, index);
    }
}

double wrapped(int64_t sum) {
    return static_cast<double>(static_cast<int32_t>(static_cast<uint32_t>(sum)));
}

ElementCheck compare(std::span<const ReferenceElement> elements, std::span<const std::byte> result,
                     bool hasIntegers) {
    ElementCheck check;
    double worst = -1;
    for (const auto& [index, expected, bound] : elements) {
        if (std::isinf(bound)) continue;
        const double value = hasIntegers ? static_cast<double>(loaded<int32_t>(result, index))
                                         : static_cast<double>(loaded<float>(result, index));
        const double error =
            hasIntegers ? wrappedDifference(value, expected) : errorOf(value, expected, bound);
        const bool isExceeded = !(std::isnan(bound) ? error == 0 : error <= bound);
        const double ratio = bound > 0 ? error / bound : error;
        ++check.elements;
        check.exceeding += isExceeded ? 1 : 0;
        if (ratio <= worst) continue;
        worst = ratio;
        check.maxError = error;
        check.errorBound = std::isnan(bound) ? 0 : bound;
        check.index = index;
        check.value = value;
        check.expected = expected;
    }
    return check;
}

}  // namespace quant
