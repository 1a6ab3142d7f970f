#pragma once

#include "quant/gemm_type.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

// Comparing what a device computed, of fp32 or int32, with elements that the host computed by the definition.

namespace quant {

// An element as it must be.
struct ReferenceElement {
    uint64_t index = 0;
    double value = 0;
    double bound = 0;  // of the error; infinite: not judged; NaN: the element must not be finite
};

// How far a result is from what it ought to be.
struct ElementCheck {
    uint64_t elements = 0;  // that were compared
    uint64_t exceeding = 0;
    // Of the element that is worst in units of its bound: integers differ by 0 or more with a bound of 0.
    double maxError = 0, errorBound = 0;
    uint64_t index = 0;
    double value = 0, expected = 0;
    std::string place;  // of that element, in words; empty where none was compared

    bool isPassed() const { return exceeding == 0; }
    std::string problem() const;  // what is wrong, in one line; empty where nothing is
};

// Which of so many elements to compare, in rising order: all, where that takes at most 2^24 multiplications,
// of `depth` each, or where there are at most 4096; else one at random of each 4096th part, by a fixed seed,
// and the last.
std::vector<uint64_t> chosenElements(uint64_t all, uint64_t depth);

// A number among numbers of its type.
template <class Number>
Number loaded(std::span<const std::byte> bytes, uint64_t index) {
    Number number;
    std::memcpy(&number, bytes.data() + index * sizeof number, sizeof number);
    return number;
}

// An element of an operand in host memory; of those with fewer than 8 bits, which lie end to end, too.
double elementAt(std::span<const std::byte> operand, GemmType type, uint64_t index);

// The low 32 bits of a sum, as integers on the device wrap.
double wrapped(int64_t sum);

// result: elements of 32 bits, integers or floats. Integers are compared modulo 2^32. Leaves the place empty.
ElementCheck compare(std::span<const ReferenceElement> elements, std::span<const std::byte> result,
                     bool hasIntegers);

}  // namespace quant
