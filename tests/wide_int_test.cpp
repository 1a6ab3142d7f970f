#include "quant/wide_int.h"

#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>

namespace tests {

using quant::Uint128;
using quant::WideInt;

namespace {

WideInt wide(Uint128 value) {
    return WideInt(static_cast<uint64_t>(value)).addShifted(static_cast<uint64_t>(value >> 64), 64);
}
WideInt powerOfTwo(uint32_t exponent) {
    return WideInt().addShifted(1, exponent);
}

}  // namespace

TEST_CASE("WideInt agrees with 128-bit integers", "[wide_int]") {
    Random random(1);
    for (int i = 0; i < 2000; ++i) {
        const Uint128 a = static_cast<Uint128>(random.next()) << random.below(40),
                      b = static_cast<Uint128>(random.next()) << random.below(40);
        const uint64_t factor = random.next() >> 44;
        const uint32_t shift = random.below(24);
        CHECK(wide(a) + wide(b) == wide(a + b));
        CHECK(wide(a > b ? a : b) - wide(a > b ? b : a) == wide(a > b ? a - b : b - a));
        CHECK(wide(a) * factor == wide(a * factor));
        CHECK(wide(a).shiftedLeft(shift) == wide(a << shift));
        CHECK((wide(a) < wide(b)) == (a < b));
        CHECK((wide(a) > wide(b)) == (a > b));
    }
}

TEST_CASE("WideInt carries and borrows through every limb", "[wide_int]") {
    const WideInt top = powerOfTwo(383), one(1);
    WideInt allOnes = top - one;
    CHECK(allOnes < top);
    CHECK(allOnes + one == top);
    WideInt sum;
    for (uint32_t i = 0; i < 383; ++i) sum.addShifted(1, i);
    CHECK(sum == allOnes);
    CHECK((sum -= allOnes).isZero());
}

TEST_CASE("WideInt adds a value shifted across a limb", "[wide_int]") {
    for (uint32_t shift = 0; shift <= 319; ++shift) {
        const WideInt whole = WideInt().addShifted(0xffffffffffffffffu, shift);
        CHECK(whole + powerOfTwo(shift) == powerOfTwo(shift + 64));
        CHECK(WideInt(0xffffffffffffffffu).shiftedLeft(shift) == whole);
    }
}

TEST_CASE("WideInt multiplication distributes over limbs", "[wide_int]") {
    const uint64_t factor = (uint64_t{1} << 36) - 5;
    for (uint32_t shift = 0; shift <= 340; shift += 17) {
        CHECK(powerOfTwo(shift) * factor == WideInt().addShifted(factor, shift));
    }
    CHECK((powerOfTwo(200) * 0).isZero());
}

TEST_CASE("WideInt orders by the highest limb that differs", "[wide_int]") {
    CHECK(powerOfTwo(128) > WideInt(0xffffffffffffffffu));
    CHECK(powerOfTwo(128) + WideInt(1) > powerOfTwo(128));
    CHECK(WideInt() < WideInt(1));
    CHECK(WideInt().isZero());
    CHECK_FALSE(powerOfTwo(320).isZero());
}

TEST_CASE("WideInt's approximation is right to a few units of long double", "[wide_int]") {
    for (uint32_t shift = 0; shift <= 319; shift += 11) {
        const long double expected =
            std::ldexp(static_cast<long double>(0x9e3779b97f4a7c15u), static_cast<int>(shift));
        const long double found = WideInt().addShifted(0x9e3779b97f4a7c15u, shift).approximate();
        CHECK(std::abs(found / expected - 1) <= 0x1p-60L);
    }
}

TEST_CASE("WideInt takes the integer part of a long double", "[wide_int]") {
    CHECK(WideInt::truncated(0).isZero());
    CHECK(WideInt::truncated(0.999L).isZero());
    CHECK(WideInt::truncated(2.999L) == WideInt(2));
    CHECK(WideInt::truncated(18446744073709551615.0L) == WideInt(0xffffffffffffffffu));
    CHECK(WideInt::truncated(18446744073709551616.0L) == powerOfTwo(64));
    for (uint32_t shift = 0; shift <= 319; shift += 11) {
        const long double value =
            std::ldexp(static_cast<long double>(0x9e3779b97f4a7c15u), static_cast<int>(shift));
        CHECK(WideInt::truncated(value) == WideInt().addShifted(0x9e3779b97f4a7c15u, shift));
    }
}

}  // namespace tests
