#pragma once

namespace quant {

// Rounded up: how many of `by` it takes to hold the value. by is above 0, and the sum of both fits the type.
template <class Number>
constexpr Number quotient(Number value, Number by) {
    return (value + by - 1) / by;
}

}  // namespace quant
