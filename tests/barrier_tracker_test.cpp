#include "engine/barrier_tracker.h"

#include <catch2/catch_test_macros.hpp>

#include <vector>

namespace tests {

using engine::AddressRange;
using engine::BarrierTracker;
using Ranges = std::vector<AddressRange>;

namespace {

constexpr AddressRange a{1000, 2000}, b{3000, 4000};

}  // namespace

TEST_CASE("The first operation needs no barrier", "[barrier_tracker]") {
    CHECK_FALSE(BarrierTracker().needsBarrier(Ranges{a}, Ranges{b}));
}

TEST_CASE("Reading what was written needs a barrier", "[barrier_tracker]") {
    BarrierTracker tracker;
    tracker.needsBarrier({}, Ranges{a});
    CHECK(tracker.needsBarrier(Ranges{a}, {}));
}

TEST_CASE("Writing what was read needs a barrier", "[barrier_tracker]") {
    BarrierTracker tracker;
    tracker.needsBarrier(Ranges{a}, {});
    CHECK(tracker.needsBarrier({}, Ranges{a}));
}

TEST_CASE("Writing what was written needs a barrier", "[barrier_tracker]") {
    BarrierTracker tracker;
    tracker.needsBarrier({}, Ranges{a});
    CHECK(tracker.needsBarrier({}, Ranges{a}));
}

TEST_CASE("Reading what was read needs no barrier", "[barrier_tracker]") {
    BarrierTracker tracker;
    tracker.needsBarrier(Ranges{a}, {});
    CHECK_FALSE(tracker.needsBarrier(Ranges{a}, {}));
}

TEST_CASE("Disjoint ranges need no barrier", "[barrier_tracker]") {
    BarrierTracker tracker;
    tracker.needsBarrier(Ranges{a}, Ranges{b});
    CHECK_FALSE(tracker.needsBarrier(Ranges{{5000, 6000}}, Ranges{{7000, 8000}}));
    CHECK_FALSE(tracker.needsBarrier(Ranges{a}, Ranges{{2500, 2600}}));
}

TEST_CASE("Adjacent ranges need no barrier, one shared byte does", "[barrier_tracker]") {
    BarrierTracker tracker;
    tracker.needsBarrier({}, Ranges{a});
    CHECK_FALSE(tracker.needsBarrier(Ranges{{2000, 2100}, {900, 1000}}, {}));
    CHECK(tracker.needsBarrier(Ranges{{1999, 2100}}, {}));
}

TEST_CASE("A range inside another overlaps it", "[barrier_tracker]") {
    for (const auto& [outer, inner] :
         {std::pair(a, AddressRange{1400, 1500}), std::pair(AddressRange{1400, 1500}, a)}) {
        BarrierTracker tracker;
        tracker.needsBarrier({}, Ranges{outer});
        CHECK(tracker.needsBarrier(Ranges{inner}, {}));
    }
}

TEST_CASE("Any of several ranges may need the barrier", "[barrier_tracker]") {
    BarrierTracker tracker;
    tracker.needsBarrier({}, Ranges{a, b});
    CHECK(tracker.needsBarrier(Ranges{{1, 2}, {3500, 3501}}, {}));
}

TEST_CASE("An operation is remembered without a barrier before it", "[barrier_tracker]") {
    BarrierTracker tracker;
    tracker.needsBarrier({}, Ranges{a});
    tracker.needsBarrier({}, Ranges{b});
    CHECK(tracker.needsBarrier(Ranges{a}, {}));
}

TEST_CASE("A barrier settles what came before it, but not the operation after it", "[barrier_tracker]") {
    BarrierTracker tracker;
    tracker.needsBarrier({}, Ranges{a, b});
    REQUIRE(tracker.needsBarrier(Ranges{a}, Ranges{{5000, 6000}}));
    CHECK_FALSE(tracker.needsBarrier(Ranges{b}, {}));
    CHECK(tracker.needsBarrier(Ranges{{5000, 5001}}, {}));
}

TEST_CASE("An operation that reads and writes one range needs no barrier within itself",
          "[barrier_tracker]") {
    BarrierTracker tracker;
    CHECK_FALSE(tracker.needsBarrier(Ranges{a}, Ranges{a}));
    CHECK(tracker.needsBarrier(Ranges{a}, Ranges{a}));
}

}  // namespace tests
