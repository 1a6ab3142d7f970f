#pragma once

#include "quant/host_product.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quant {

// How far a product is from what it ought to be.
struct ProductCheck {
    uint64_t elements = 0;  // of C that were compared
    uint64_t exceeding = 0;
    // Of the element that is worst in units of its bound: integers differ by 0 or more with a bound of 0.
    double maxError = 0, errorBound = 0;
    uint32_t row = 0, column = 0;
    double value = 0, expected = 0;

    bool isPassed() const { return exceeding == 0; }
    std::string problem() const;  // what is wrong, in one line; empty where nothing is
};

// Elements of a product by the definition: floats with sums in double, integers exactly, modulo 2^32. All
// elements, where that takes at most 2^24 multiplications or there are at most 4096; else 4096, one at random
// of each 4096th part of C, by a fixed seed, and the last. The product must outlive it.
//
// An element of floats may err by gemmErrorBound(k) · (|α|·Σ|a·b| + |β·c|), and by what underflows: 2^-126
// for each product and for C. Where Σ|a·b| is so large that a sum might overflow, the element is not judged;
// where an operand is not finite, neither may the element be. Costs k double operations an element.
class ProductReference {
public:
    explicit ProductReference(const HostProduct& product);

    // result: C as the device left it, [m][n] without gaps.
    ProductCheck check(std::span<const std::byte> result) const;

private:
    struct Element {
        uint64_t index = 0;  // row · n + column
        double value = 0;
        double bound = 0;  // infinite: not judged; NaN: not finite
    };
    Element floatElement(uint64_t index, std::span<const double> row) const;
    Element integerElement(uint64_t index, std::span<const double> row) const;

    const HostProduct& m_product;
    std::vector<Element> m_elements;
};

}  // namespace quant
