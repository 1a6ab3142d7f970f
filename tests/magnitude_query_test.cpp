#include "quant/magnitude_query.h"

#include "quant/float_bits.h"
#include "quant/octav.h"
#include "quant/percentile.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace tests {

using namespace quant;

namespace {

void refineToTheEnd(MagnitudeSearch& search, std::span<const float> values, Sides sides) {
    while (!search.isDone())
        search.advance(reference::refined(values, search.level(), sides, search.prefix()));
}

float rootOf(const MagnitudeSearch& search, uint64_t factor) {
    return octavRoot(search.bits(), search.below(), search.atOrAbove(), search.sumAtOrAbove(), factor);
}

// Counts and sum at the search's answer, by definition.
void checkTally(const MagnitudeSearch& search, std::span<const float> values, bool isSigned) {
    uint64_t below = 0, atOrAbove = 0;
    WideInt sum;
    for (const float x : reference::magnitudes(values, isSigned)) {
        if (magnitudeBits(x) < search.bits()) {
            ++below;
        } else {
            ++atOrAbove;
            sum += inUnits(magnitudeBits(x));
        }
    }
    CHECK(search.atOrAbove() == atOrAbove);
    CHECK(search.below() == below);
    CHECK(search.sumAtOrAbove() == sum);
}

}  // namespace

TEST_CASE("A search ends with the counts and the sum at its answer", "[magnitude_query]") {
    for (const auto& [name, values] : awkwardSamples(2003)) {
        INFO(name);
        for (const bool isSigned : {true, false}) {
            const Profile profile = reference::profile(values);
            const Sides sides = isSigned ? Sides::Both : Sides::Positive;
            if (profile.nonzero(sides) == 0) continue;
            for (const uint64_t factor : {uint64_t{12}, uint64_t{12 * 127 * 127}}) {
                const OctavPredicate predicate(factor);
                MagnitudeSearch search(profile, sides, predicate);
                const bool isEmptyBin =
                    search.isDone();  // then bits() is the bin's last magnitude and no element is in it
                refineToTheEnd(search, values, sides);
                INFO("1/γ " << factor << (isEmptyBin ? ", empty bin" : ""));
                checkTally(search, values, isSigned);
            }
        }
    }
}

TEST_CASE("A rank's search ends at the element of that rank", "[magnitude_query]") {
    auto values = gaussians(5003, 21);
    const Profile profile = reference::profile(values);
    const auto sorted = reference::magnitudes(values, true);
    for (const uint64_t rank : {1u, 2u, 100u, 2500u, 5002u, 5003u}) {
        const RankPredicate predicate(rank, 0);
        MagnitudeSearch search(profile, Sides::Both, predicate);
        refineToTheEnd(search, values, Sides::Both);
        CHECK(fromBits(search.bits()) == sorted[rank - 1]);
    }
}

TEST_CASE("A window that holds the answer gives what refinements give", "[magnitude_query]") {
    size_t hits = 0;
    for (const auto& [name, values] : awkwardSamples(4001)) {
        const Profile profile = reference::profile(values);
        for (const uint64_t factor : {uint64_t{12}, uint64_t{12 * 49}, uint64_t{12 * 127 * 127}}) {
            const OctavPredicate predicate(factor);
            MagnitudeSearch refined(profile, Sides::Both, predicate), windowed = refined;
            if (refined.level() != 2) continue;
            refineToTheEnd(refined, values, Sides::Both);
            // Around the answer, at its edges, and beside it.
            const uint32_t bin = windowed.prefix() << 20, size = 1 << 15, answer = refined.bits();
            for (const int offset : {-40000, -32768, -32767, -16000, -1, 0, 1}) {
                const auto first = static_cast<uint32_t>(std::clamp(
                    static_cast<int64_t>(answer) + offset, int64_t{bin}, int64_t{bin} + (1 << 20) - size));
                MagnitudeSearch search = windowed;
                const bool hit = search.advance(reference::window(values, Sides::Both, first, size));
                INFO(name << ", 1/γ " << factor << ", window from " << first << ", answer " << answer);
                hits += hit;
                if (!hit) refineToTheEnd(search, values, Sides::Both);
                CHECK(search.below() == refined.below());
                CHECK(search.sumAtOrAbove() == refined.sumAtOrAbove());
                // Where no element is near the root, bits() may be any magnitude of the gap: the root is the
                // same.
                CHECK(rootOf(search, factor) == rootOf(refined, factor));
            }
        }
    }
    CHECK(hits > 100);
}

TEST_CASE("The expected window lies in the bin, and on smooth data mostly holds the answer",
          "[magnitude_query]") {
    constexpr uint32_t size = 1 << 15;
    size_t searches = 0, hits = 0;
    for (const auto& [name, values] : awkwardSamples(20011)) {
        const Profile profile = reference::profile(values);
        for (uint64_t factor = 12; factor < uint64_t{1} << 36; factor *= 5) {
            const OctavPredicate predicate(factor);
            MagnitudeSearch search(profile, Sides::Both, predicate);
            if (search.level() != 2) continue;
            const uint32_t first = search.expectedWindow(size);
            INFO(name << ", 1/γ " << factor);
            CHECK(first >> 20 == search.prefix());
            CHECK((first + size - 1) >> 20 == search.prefix());
            if (name != "gaussian" || factor > 10000) continue;
            ++searches;
            hits += search.advance(reference::window(values, Sides::Both, first, size));
        }
    }
    CHECK(hits * 2 > searches);
}

}  // namespace tests
