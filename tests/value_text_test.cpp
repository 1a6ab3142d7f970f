#include "app/plot/value_text.h"

#include <catch2/catch_test_macros.hpp>

#include <cfloat>
#include <limits>

namespace tests {

using app::countText;
using app::percentText;
using app::valueText;

TEST_CASE("Read-outs of numbers have their significant digits and no more", "[value_text]") {
    CHECK(valueText(0.27391234) == "0.2739");
    CHECK(valueText(0) == "0");
    CHECK(valueText(-0.0) == "0");
    CHECK(valueText(16) == "16");
    CHECK(valueText(-1.5) == "−1.5");
    CHECK(valueText(1.2e-7) == "1.2×10⁻⁷");
    CHECK(valueText(-2e12) == "−2×10¹²");
    CHECK(valueText(99999.9) == "10⁵");
    CHECK(valueText(99994) == "99990");
    CHECK(valueText(0.00099999) == "0.001");
    CHECK(valueText(DBL_MAX) == "1.798×10³⁰⁸");
    CHECK(valueText(DBL_TRUE_MIN) == "4.941×10⁻³²⁴");
    CHECK(valueText(0.123456789, 7) == "0.1234568");
    CHECK(valueText(0.96, 1) == "1");
}

TEST_CASE("What is no number is said so", "[value_text]") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    CHECK(valueText(std::numeric_limits<double>::quiet_NaN()) == "n/a");
    CHECK(valueText(infinity) == "∞");
    CHECK(valueText(-infinity) == "−∞");
    CHECK(app::decibelText(infinity) == "∞");
}

TEST_CASE("Decibels have two digits after the point and no negative zero", "[value_text]") {
    CHECK(app::decibelText(31.4159) == "31.42 dB");
    CHECK(app::decibelText(-3) == "−3.00 dB");
    CHECK(app::decibelText(-0.001) == "0.00 dB");
}

TEST_CASE("Percents never claim none or all falsely", "[value_text]") {
    CHECK(percentText(0.00314) == "0.314%");
    CHECK(percentText(0.125) == "12.5%");
    CHECK(percentText(0) == "0%");
    CHECK(percentText(1) == "100%");
    CHECK(percentText(0.99999) == "99.9%");
    CHECK(percentText(1e-9) == "10⁻⁷%");
}

TEST_CASE("Counts are rounded to what can be read at a glance", "[value_text]") {
    CHECK(countText(0) == "0");
    CHECK(countText(9999) == "9999");
    CHECK(countText(12345) == "12.3 k");
    CHECK(countText(4'194'304) == "4.2 M");
    CHECK(countText(999'600) == "1 M");
    CHECK(countText(512'000'000) == "512 M");
    CHECK(countText(UINT64_MAX) == "18.4 E");
}

}  // namespace tests
