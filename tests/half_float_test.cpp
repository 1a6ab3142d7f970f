#include "quant/half_float.h"

#include <catch2/catch_test_macros.hpp>

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

using namespace quant;

namespace {

// By the definition of binary16.
double halfValue(uint32_t half) {
    const int exponent = static_cast<int>(half >> 10 & 31);
    const double fraction = half & 1023, sign = half >> 15 ? -1 : 1;
    if (exponent == 31) return fraction == 0 ? sign * HUGE_VAL : std::numeric_limits<double>::quiet_NaN();
    return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

}  // namespace

TEST_CASE("Every half and every bfloat has its value as a float, and comes back from it", "[half]") {
    size_t wrong = 0;
    for (uint32_t bits = 0; bits < 65536; ++bits) {
        const auto half = static_cast<uint16_t>(bits);
        const float value = floatFromHalf(half), bfloat = floatFromBfloat(half);
        const bool isNan = std::isnan(halfValue(bits));
        wrong += (isNan ? !std::isnan(value) : value != halfValue(bits)) ? 1 : 0;
        wrong +=
            (isNan ? !std::isnan(floatFromHalf(halfFromFloat(value))) : halfFromFloat(value) != half) ? 1 : 0;
        wrong += std::bit_cast<uint32_t>(bfloat) != bits << 16 ? 1 : 0;
        wrong += std::isnan(bfloat) ? !std::isnan(floatFromBfloat(bfloatFromFloat(bfloat)))
                                    : bfloatFromFloat(bfloat) != half;
    }
    CHECK(wrong == 0);
}

TEST_CASE("Floats are rounded to the nearest half and bfloat, ties to even", "[half]") {
    size_t wrong = 0;
    // Between each two neighbours: the middle, and the floats on both sides of it.
    for (uint16_t half = 0; half < 0x7bff; ++half) {
        const auto next = static_cast<uint16_t>(half + 1), even = half % 2 == 0 ? half : next;
        const float middle = (floatFromHalf(half) + floatFromHalf(next)) / 2;
        wrong += halfFromFloat(middle) != even ? 1 : 0;
        wrong += halfFromFloat(std::nextafter(middle, 0.0f)) != half ? 1 : 0;
        wrong += halfFromFloat(std::nextafter(middle, HUGE_VALF)) != next ? 1 : 0;
        wrong += halfFromFloat(-middle) != (even | 0x8000) ? 1 : 0;
    }
    for (uint16_t bfloat = 0; bfloat < 0x7f7f; ++bfloat) {
        const uint32_t middle = (uint32_t{bfloat} << 16) + 0x8000u;
        const auto next = static_cast<uint16_t>(bfloat + 1);
        wrong += bfloatFromFloat(fromBits(middle)) != (bfloat % 2 == 0 ? bfloat : next) ? 1 : 0;
        wrong += bfloatFromFloat(fromBits(middle - 1)) != bfloat ? 1 : 0;
        wrong += bfloatFromFloat(fromBits(middle + 1)) != next ? 1 : 0;
    }
    CHECK(wrong == 0);
}

TEST_CASE("What is too large for a half or a bfloat becomes infinite, and what is too small zero", "[half]") {
    CHECK(halfFromFloat(65519.996f) == 0x7bff);
    CHECK(halfFromFloat(65520.0f) == 0x7c00);
    CHECK(halfFromFloat(-FLT_MAX) == 0xfc00);
    CHECK(halfFromFloat(HUGE_VALF) == 0x7c00);
    CHECK(halfFromFloat(0x1p-25f) == 0);
    CHECK(halfFromFloat(-FLT_TRUE_MIN) == 0x8000);
    CHECK(bfloatFromFloat(FLT_MAX) == 0x7f80);
    CHECK(bfloatFromFloat(-HUGE_VALF) == 0xff80);
}
