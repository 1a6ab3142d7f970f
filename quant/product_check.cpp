#include "quant/product_check.h"

#include "quant/gemm.h"
#include "quant/half_float.h"
#include "quant/philox.h"

#include <cfloat>
#include <cmath>
#include <cstring>
#include <format>
#include <limits>

namespace quant {

namespace {

constexpr uint64_t mostMultiplications = uint64_t{1} << 24, sampleElements = 4096;
constexpr uint64_t sampleSeed = 20270111;

template <class Number>
Number load(std::span<const std::byte> bytes, uint64_t index) {
    Number number;
    std::memcpy(&number, bytes.data() + index * sizeof number, sizeof number);
    return number;
}

// Of fewer than 8 bits, in two's complement, or a sign.
int packedInteger(std::span<const std::byte> bytes, GemmType type, uint64_t index) {
    const uint32_t bits = elementBits(type), perByte = 8 / bits;
    const uint32_t code =
        std::to_integer<uint32_t>(bytes[index / perByte]) >> index % perByte * bits & ((1u << bits) - 1);
    if (type == GemmType::Binary) return code ? 1 : -1;
    const int half = 1 << (bits - 1);
    return (static_cast<int>(code) ^ half) - half;
}

double valueAt(std::span<const std::byte> bytes, GemmType type, uint64_t index) {
    switch (type) {
        case GemmType::Fp32:
            return load<float>(bytes, index);
        case GemmType::Fp16:
            return floatFromHalf(load<uint16_t>(bytes, index));
        case GemmType::Bf16:
            return floatFromBfloat(load<uint16_t>(bytes, index));
        case GemmType::Tf32:
            return tf32FromFloat(load<float>(bytes, index));
        case GemmType::Int16:
            return load<int16_t>(bytes, index);
        case GemmType::Int8:
            return load<int8_t>(bytes, index);
        case GemmType::Uint8:
            return load<uint8_t>(bytes, index);
        default:
            return packedInteger(bytes, type, index);
    }
}

std::vector<double> rowOf(const HostProduct& product, uint64_t row) {
    std::vector<double> values(product.k);
    for (uint64_t k = 0; k < product.k; ++k) {
        values[k] =
            valueAt(product.a.bytes, product.types.a, row * product.a.rowStride + k * product.a.columnStride);
    }
    return values;
}

// Elements of C to compare, in rising order.
std::vector<uint64_t> chosenElements(const HostProduct& product) {
    const uint64_t all = product.elementsOfC();
    const bool isSmall = all <= sampleElements ||
                         static_cast<double>(all) * product.k <= static_cast<double>(mostMultiplications);
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

std::string ProductCheck::problem() const {
    if (isPassed()) return "";
    return std::format(
        "{} of {} elements compared are wrong; the worst, of row {} and column {}, is {} instead of {}, and "
        "may err by {:.3g}",
        exceeding, elements, row, column, value, expected, errorBound);
}

ProductReference::ProductReference(const HostProduct& product) : m_product(product) {
    uint64_t rowIndex = UINT64_MAX;
    std::vector<double> row;
    for (const uint64_t index : chosenElements(product)) {
        if (index / product.n != rowIndex) row = rowOf(product, rowIndex = index / product.n);
        m_elements.push_back(isInteger(product.types) ? integerElement(index, row)
                                                      : floatElement(index, row));
    }
}

ProductReference::Element ProductReference::floatElement(uint64_t index, std::span<const double> row) const {
    const auto& [types, m, n, depth, a, b, c, alpha, beta] = m_product;
    double sum = 0, magnitude = 0;
    for (uint64_t k = 0; k < row.size(); ++k) {
        const double product =
            row[k] * valueAt(b.bytes, types.b, k * b.rowStride + index % n * b.columnStride);
        sum += product;
        magnitude += std::abs(product);
    }
    const double added = c.empty() ? 0 : double{beta} * load<float>(c, index);
    const double value = alpha * sum + added, scaled = std::abs(alpha) * magnitude + std::abs(added);
    if (!std::isfinite(scaled)) return {index, value, std::numeric_limits<double>::quiet_NaN()};
    const double largest = types.hasHalfSums ? 65504 : FLT_MAX;
    if (std::max(magnitude, scaled) > largest / 2) return {index, value, HUGE_VAL};
    const double lost = types.hasHalfSums ? 0x1p-25 : FLT_MIN;
    const double underflow = (std::abs(alpha) * static_cast<double>(depth) + 2) * lost;
    return {index, value, gemmErrorBound(depth, types) * scaled + underflow};
}

ProductReference::Element ProductReference::integerElement(uint64_t index,
                                                           std::span<const double> row) const {
    const auto& [types, m, n, depth, a, b, c, alpha, beta] = m_product;
    int64_t sum = c.empty() ? 0 : load<int32_t>(c, index);
    for (uint64_t k = 0; k < row.size(); ++k) {
        const double factor = valueAt(b.bytes, types.b, k * b.rowStride + index % n * b.columnStride);
        sum += static_cast<int64_t>(row[k]) * static_cast<int64_t>(factor);
    }
    return {index, static_cast<double>(static_cast<int32_t>(static_cast<uint32_t>(sum))), 0};
}

ProductCheck ProductReference::check(std::span<const std::byte> result) const {
    const bool hasIntegers = isInteger(m_product.types);
    ProductCheck check;
    double worst = -1;
    for (const auto& [index, expected, bound] : m_elements) {
        if (std::isinf(bound)) continue;
        const double value = hasIntegers ? static_cast<double>(load<int32_t>(result, index))
                                         : static_cast<double>(load<float>(result, index));
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
        check.row = static_cast<uint32_t>(index / m_product.n);
        check.column = static_cast<uint32_t>(index % m_product.n);
        check.value = value;
        check.expected = expected;
    }
    return check;
}

}  // namespace quant
