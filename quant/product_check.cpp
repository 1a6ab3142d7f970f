#include "quant/product_check.h"

#include "quant/gemm.h"

#include <cfloat>
#include <cmath>
#include <format>
#include <limits>

namespace quant {

namespace {

std::vector<double> rowOf(const HostProduct& product, uint64_t row) {
    std::vector<double> values(product.k);
    for (uint64_t k = 0; k < product.k; ++k) {
        values[k] = elementAt(product.a.bytes, product.types.a,
                              row * product.a.rowStride + k * product.a.columnStride);
    }
    return values;
}

}  // namespace

ProductReference::ProductReference(const HostProduct& product) : m_product(product) {
    uint64_t rowIndex = UINT64_MAX;
    std::vector<double> row;
    for (const uint64_t index : chosenElements(product.elementsOfC(), product.k)) {
        if (index / product.n != rowIndex) row = rowOf(product, rowIndex = index / product.n);
        m_elements.push_back(isInteger(product.types) ? integerElement(index, row)
                                                      : floatElement(index, row));
    }
}

ReferenceElement ProductReference::floatElement(uint64_t index, std::span<const double> row) const {
    const auto& [types, m, n, depth, a, b, c, alpha, beta] = m_product;
    double sum = 0, magnitude = 0;
    for (uint64_t k = 0; k < row.size(); ++k) {
        const double product =
            row[k] * elementAt(b.bytes, types.b, k * b.rowStride + index % n * b.columnStride);
        sum += product;
        magnitude += std::abs(product);
    }
    const double added = c.empty() ? 0 : double{beta} * loaded<float>(c, index);
    const double value = alpha * sum + added, scaled = std::abs(alpha) * magnitude + std::abs(added);
    if (!std::isfinite(scaled)) return {index, value, std::numeric_limits<double>::quiet_NaN()};
    const double largest = types.hasHalfSums ? 65504 : FLT_MAX;
    if (std::max(magnitude, scaled) > largest / 2) return {index, value, HUGE_VAL};
    const double lost = types.hasHalfSums ? 0x1p-25 : FLT_MIN;
    const double underflow = (std::abs(alpha) * static_cast<double>(depth) + 2) * lost;
    return {index, value, gemmErrorBound(depth, types) * scaled + underflow};
}

ReferenceElement ProductReference::integerElement(uint64_t index, std::span<const double> row) const {
    const auto& [types, m, n, depth, a, b, c, alpha, beta] = m_product;
    int64_t sum = c.empty() ? 0 : loaded<int32_t>(c, index);
    for (uint64_t k = 0; k < row.size(); ++k) {
        const double factor = elementAt(b.bytes, types.b, k * b.rowStride + index % n * b.columnStride);
        sum += static_cast<int64_t>(row[k]) * static_cast<int64_t>(factor);
    }
    return {index, wrapped(sum), 0};
}

ElementCheck ProductReference::check(std::span<const std::byte> result) const {
    ElementCheck check = compare(m_elements, result, isInteger(m_product.types));
    if (check.elements > 0)
        check.place =
            std::format("row {} and column {}", check.index / m_product.n, check.index % m_product.n);
    return check;
}

}  // namespace quant
