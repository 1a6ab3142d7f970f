#include "quant/float_bits.h"

#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

namespace tests {

using namespace quant;

namespace {

// Zero, denormals, powers of two, extremes and random patterns of finite magnitudes.
std::vector<uint32_t> patterns() {
    std::vector<uint32_t> bits = {0,        1,        2,         0x7fffff,   0x800000,
                                  0x800001, 0xffffff, 0x1000000, 0x3f800000, largestFiniteBits};
    Random random(2);
    for (int i = 0; i < 1000; ++i) bits.push_back(random.below(infinityBits));
    return bits;
}

}  // namespace

TEST_CASE("Magnitude bits leave the sign out and order as the magnitudes do", "[float_bits]") {
    CHECK(magnitudeBits(-0.0f) == 0);
    CHECK(magnitudeBits(std::numeric_limits<float>::max()) == largestFiniteBits);
    CHECK(magnitudeBits(-std::numeric_limits<float>::infinity()) == infinityBits);
    for (const uint32_t bits : patterns()) {
        CHECK(magnitudeBits(-fromBits(bits)) == bits);
        if (bits < largestFiniteBits) CHECK(fromBits(bits) < fromBits(bits + 1));
    }
}

TEST_CASE("A magnitude is its significand times a power of two units", "[float_bits]") {
    for (const uint32_t bits : patterns()) {
        const double magnitude =
            std::ldexp(static_cast<double>(significandOf(bits)), static_cast<int>(shiftOf(bits)) - 149);
        CHECK(magnitude == double{fromBits(bits)});
    }
}

TEST_CASE("A magnitude in units is exact", "[float_bits]") {
    for (const uint32_t bits : patterns()) {
        CHECK(inUnits(bits).approximate() == static_cast<long double>(fromBits(bits)) * unitsPerOne);
    }
    CHECK(unitsPerOne * oneUnit == 1);
}

}  // namespace tests
