#include "quant/number_format.h"

#include "quant/error_pass.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>

namespace tests {

using namespace quant;

TEST_CASE("A signed grid is symmetric with 2^(B-1) - 1 levels on a side", "[uniform_grid]") {
    for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
        const NumberFormat grid{bits, true};
        CHECK(grid.largest() == static_cast<int32_t>(std::exp2(bits - 1)) - 1);
        CHECK(grid.smallest() == -grid.largest());
    }
}

TEST_CASE("An unsigned grid has 2^B levels from zero on", "[uniform_grid]") {
    for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
        const NumberFormat grid{bits, false};
        CHECK(grid.largest() == static_cast<int32_t>(std::exp2(bits)) - 1);
        CHECK(grid.smallest() == 0);
    }
}

TEST_CASE("The noise factor is a uniform error's variance in units of the clip", "[uniform_grid]") {
    for (const bool isSigned : {false, true}) {
        for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
            const NumberFormat grid{bits, isSigned};
            const double step = 1.0 / grid.largest();
            CHECK(std::abs(1.0 / static_cast<double>(grid.inverseNoiseFactor()) / (step * step / 12) - 1) <
                  1e-12);
        }
    }
}

TEST_CASE("The paper's noise factor is 4^-B/3 signed and 4^-B/12 unsigned", "[uniform_grid]") {
    for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
        CHECK(static_cast<double>(NumberFormat{bits, true}.paperInverseNoiseFactor()) ==
              3 * std::pow(4.0, bits));
        CHECK(static_cast<double>(NumberFormat{bits, false}.paperInverseNoiseFactor()) ==
              12 * std::pow(4.0, bits));
    }
}

TEST_CASE("No noise factor exceeds what OctavPredicate takes", "[uniform_grid]") {
    const NumberFormat widest{maxGridBits, false};
    CHECK(widest.inverseNoiseFactor() <= uint64_t{1} << 36);
    CHECK(widest.paperInverseNoiseFactor() <= uint64_t{1} << 36);
}

TEST_CASE("The step puts the largest level at the clip", "[uniform_grid]") {
    CHECK(ClippedGrid{{4, true}, 7.0f}.step() == 1.0f);
    CHECK(ClippedGrid{{4, false}, 15.0f}.step() == 1.0f);
    CHECK(ClippedGrid{{2, true}, 0.3f}.step() == 0.3f);
    CHECK(ClippedGrid{{8, true}, 0.0f}.step() == 0.0f);
}

TEST_CASE("The power-of-two scale brings the largest magnitude into [2, 4)", "[uniform_grid]") {
    for (const float absmax :
         {1.0f, 0.7f, 2.0f, 3.99f, 4.0f, 3.4028235e38f, 0x1p-89f, 0x1p-126f, 0x1.8p-140f, 0x1p-149f}) {
        const PowerScale scale = powerScale(absmax);
        const double scaled = std::ldexp(double{absmax}, scale.exponent);
        CHECK(scaled >= 2);
        CHECK(scaled < 4);
        CHECK(scale.exact == (absmax < 0x1p-60f));
    }
    CHECK(powerScale(0).exponent == 0);
}

}  // namespace tests
