#include "quant/requantization.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace quant {

namespace {

constexpr int mostShift = 62;

}  // namespace

FixedMultiplier fixedMultiplier(double value) {
    if (!(value > 0 && value < 0x1p30))
        throw std::invalid_argument("a multiplier of " + std::to_string(value) +
                                    " is not between 0 and 2^30");
    int exponent = 0;
    std::frexp(value, &exponent);  // value = 0.5 to 1, times 2^exponent
    int shift = std::min(31 - exponent, mostShift);
    double multiplier = std::nearbyint(std::ldexp(value, shift));
    if (multiplier == 0x1p31 && shift == 1) return {INT32_MAX, 1};
    if (multiplier == 0x1p31) {
        multiplier = 0x1p30;
        --shift;
    }
    return {static_cast<int32_t>(multiplier), shift};
}

}  // namespace quant
