#include "quant/percentile.h"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

namespace tests {

using namespace quant;

TEST_CASE("A percentile's rank is the smallest count that reaches it", "[percentile]") {
    const Percentile p("99.9");
    CHECK(p.rank(0) == 0);
    CHECK(p.rank(1) == 1);
    CHECK(p.rank(999) == 999);   // 998.001 is not enough
    CHECK(p.rank(1000) == 999);  // exactly, where doubles say 1000
    CHECK(p.rank(1001) == 1000);
    CHECK(p.rank(2000) == 1998);
}

TEST_CASE("The 100th percentile takes every element", "[percentile]") {
    for (const uint64_t n : {uint64_t{1}, uint64_t{7}, uint64_t{1} << 44})
        CHECK(Percentile("100").rank(n) == n);
}

TEST_CASE("The smallest percentile takes one element", "[percentile]") {
    CHECK(Percentile("0.000000001").rank(1) == 1);
    CHECK(Percentile("0.000000001").rank(100'000'000'000) == 1);
    CHECK(Percentile("0.000000001").rank(100'000'000'001) == 2);
}

TEST_CASE("Ranks of huge counts do not overflow", "[percentile]") {
    CHECK(Percentile("50").rank(uint64_t{1} << 44) == uint64_t{1} << 43);
    CHECK(Percentile("50").rank(UINT64_MAX) == uint64_t{1} << 63);
}

TEST_CASE("A percentile keeps its text", "[percentile]") {
    for (const char* text : {"99.9", "5", "0.5", ".5", "100.000000000", "099.99"})
        CHECK(Percentile(text).text() == text);
}

TEST_CASE("What is not a percentile is refused", "[percentile]") {
    for (const char* text : {"", ".", "0", "0.0", "100.000000001", "101", "-1", "+1", "1e1", "nan", "9,5",
                             " 5", "5 ", "5%", "1.0000000001", "1.2.3", "0100", "99.9\n", "\xb2"}) {
        INFO("'" << text << "'");
        CHECK_THROWS_AS(Percentile(text), std::invalid_argument);
    }
}

TEST_CASE("The rank predicate counts zeros as lowest", "[percentile]") {
    const RankPredicate predicate(10, 4);
    CHECK_FALSE(predicate.holds(0, {.atOrBelow = 5}));
    CHECK(predicate.holds(0, {.atOrBelow = 6}));
}

}  // namespace tests
