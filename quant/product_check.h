#pragma once

#include "quant/element_check.h"
#include "quant/host_product.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quant {

// Elements of a product by the definition: floats with sums in double, integers exactly, modulo 2^32; those
// that chosenElements() says. The product must outlive it.
//
// An element of floats may err by gemmErrorBound(k) · (|α|·Σ|a·b| + |β·c|), and by what underflows: 2^-126
// for each product and for C. Where Σ|a·b| is so large that a sum might overflow, the element is not judged;
// where an operand is not finite, neither may the element be. Costs k double operations an element.
class ProductReference {
public:
    explicit ProductReference(const HostProduct& product);

    // result: C as the device left it, [m][n] without gaps.
    ElementCheck check(std::span<const std::byte> result) const;

private:
    ReferenceElement floatElement(uint64_t index, std::span<const double> row) const;
    ReferenceElement integerElement(uint64_t index, std::span<const double> row) const;

    const HostProduct& m_product;
    std::vector<ReferenceElement> m_elements;
};

}  // namespace quant
