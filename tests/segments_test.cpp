#include "quant/segments.h"

#include "quant/input_error.h"
#include "tests/reference.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <stdexcept>

namespace tests {

using namespace quant;
using Shape = std::vector<uint64_t>;

namespace {

constexpr Granularity channel(uint32_t axis) {
    return {Granularity::Kind::Channel, axis, 0};
}
constexpr Granularity groups(uint64_t size) {
    return {Granularity::Kind::Group, 0, size};
}
constexpr Granularity groupsAlong(uint32_t axis, uint64_t size) {
    return {Granularity::Kind::Group, 0, size, axis};
}
constexpr Granularity blocks(uint64_t rows, uint64_t columns) {
    return {Granularity::Kind::Block, 0, columns, {}, rows};
}

TensorInfo infoOf(const Shape& shape) {
    return *makeTensorInfo("w", DType::F32, shape);
}
SegmentLayout layoutFor(const Shape& shape, const Granularity& granularity) {
    return layoutOf(infoOf(shape), granularity, "f");
}

struct Case {
    Shape shape;
    Granularity granularity;
};
const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        {{24}, {}},
        {{24}, channel(0)},
        {{5, 7}, channel(0)},
        {{5, 7}, channel(1)},
        {{3, 4, 5}, channel(0)},
        {{3, 4, 5}, channel(1)},
        {{3, 4, 5}, channel(2)},
        {{2, 3, 4, 5}, channel(1)},
        {{2, 3, 4, 5}, channel(2)},
        {{1, 1, 9}, channel(1)},
        {{5, 8}, groups(4)},
        {{5, 7}, groups(3)},
        {{5, 7}, groups(1)},
        {{5, 7}, groups(100)},
        {{3, 4, 10}, groups(4)},
        {{1, 1000}, groups(32)},
        {{999}, groups(100)},
        {{40, 1}, groups(8)},
        {{11, 7}, groupsAlong(0, 4)},
        {{11, 7}, groupsAlong(1, 4)},
        {{3, 10, 5}, groupsAlong(1, 4)},
        {{3, 10, 5}, groupsAlong(0, 2)},
        {{3, 10, 5}, groupsAlong(1, 100)},
        {{9, 10}, blocks(4, 3)},
        {{3, 9, 10}, blocks(2, 4)},
        {{3, 9, 10}, blocks(100, 5)},
        {{3, 9, 10}, blocks(1, 1)},
        {{17}, blocks(4, 4)},
    };
    return all;
}

// The tensor's elements that a selection means, in order.
std::vector<uint64_t> elementsOf(const Selection& selection) {
    std::vector<uint64_t> elements;
    for (uint64_t run = 0; run < selection.runs; ++run) {
        for (uint64_t i = 0; i < selection.run; ++i)
            elements.push_back(selection.first + run * selection.stride + i);
    }
    return elements;
}

}  // namespace

TEST_CASE("Granularity names parse to what they name", "[segments]") {
    for (const char* name :
         {"tensor", "channel", "channel:1", "channel:63", "group:1", "group:32", "group:1099511627776",
          "group:32:0", "group:4:63", "block:1x1", "block:16x128"}) {
        CHECK(granularityFrom(name).name() == name);
    }
    CHECK(granularityFrom("channel:0").name() == "channel");
}

TEST_CASE("What is not a granularity is refused", "[segments]") {
    for (const char* text : {"",
                             "Tensor",
                             "channels",
                             "channel:",
                             "channel:64",
                             "channel:-1",
                             "channel:x",
                             "channel:1x",
                             "group",
                             "group:",
                             "group:0",
                             "group:-4",
                             "group:1.5",
                             "group:99999999999999999999",
                             "group:4:",
                             "group:4:64",
                             "group:4:x",
                             "group:4:1:2",
                             "block",
                             "block:",
                             "block:4",
                             "block:4x",
                             "block:0x4",
                             "block:4x0",
                             "block:4x4x4",
                             "block:x4"}) {
        INFO("'" << text << "'");
        CHECK_THROWS_AS(granularityFrom(text), std::invalid_argument);
    }
}

TEST_CASE("Every element's segment follows from its coordinates", "[segments]") {
    for (const auto& [shape, granularity] : cases()) {
        const SegmentLayout layout = layoutFor(shape, granularity);
        std::vector<uint64_t> counts(layout.segments, 0);
        for (uint64_t i = 0; i < infoOf(shape).elements; ++i) {
            const uint64_t segment = layout.segmentOf(i);
            REQUIRE(segment == reference::segmentOf(i, shape, granularity));
            ++counts.at(segment);
        }
        CHECK(layout.segments == reference::segmentCount(shape, granularity));
        for (uint64_t s = 0; s < layout.segments; ++s) CHECK(layout.elementsOf(s) == counts[s]);
        CHECK(layout.longestSegment() == std::ranges::max(counts));
    }
}

TEST_CASE("A segment's selection holds its elements in order", "[segments]") {
    for (const auto& [shape, granularity] : cases()) {
        const SegmentLayout layout = layoutFor(shape, granularity);
        for (uint64_t s = 0; s < layout.segments; ++s) {
            std::vector<uint64_t> expected;
            for (uint64_t i = 0; i < infoOf(shape).elements; ++i) {
                if (reference::segmentOf(i, shape, granularity) == s) expected.push_back(i);
            }
            REQUIRE(elementsOf(segmentSelection(layout, s)) == expected);
        }
    }
}

// Budgets from less than one segment up to everything.
TEST_CASE("Slabs cover every element exactly once, in its segment", "[segments]") {
    for (const auto& [shape, granularity] : cases()) {
        const SegmentLayout layout = layoutFor(shape, granularity);
        for (const uint64_t maxElements : {0u, 1u, 7u, 20u, 1000000u}) {
            for (const uint64_t maxSegments : {1u, 3u, 1000000u}) {
                std::vector<int> seen(infoOf(shape).elements, 0);
                uint64_t nextSegment = 0;
                for (const Slab& slab : slabsOf(layout, maxElements, maxSegments)) {
                    const auto elements = elementsOf(slab.selection);
                    REQUIRE(slab.firstSegment == nextSegment);
                    REQUIRE(slab.layout.segments <= maxSegments);
                    if (slab.layout.segments > 1) REQUIRE(elements.size() <= maxElements);
                    for (uint64_t i = 0; i < elements.size(); ++i) {
                        ++seen.at(elements[i]);
                        REQUIRE(slab.firstSegment + slab.layout.segmentOf(i) ==
                                reference::segmentOf(elements[i], shape, granularity));
                    }
                    nextSegment += slab.layout.segments;
                }
                REQUIRE(nextSegment == layout.segments);
                CHECK(std::ranges::all_of(seen, [](int n) { return n == 1; }));
            }
        }
    }
}

TEST_CASE("A slab's segments are as long as the tensor's", "[segments]") {
    for (const auto& [shape, granularity] : cases()) {
        const SegmentLayout layout = layoutFor(shape, granularity);
        for (const Slab& slab : slabsOf(layout, 20, 3)) {
            for (uint64_t s = 0; s < slab.layout.segments; ++s) {
                CHECK(slab.layout.elementsOf(s) == layout.elementsOf(slab.firstSegment + s));
            }
        }
    }
}

TEST_CASE("One row longer than a slab is cut into whole groups", "[segments]") {
    const SegmentLayout layout = layoutFor({100003}, groups(32));
    const auto slabs = slabsOf(layout, 1000, 1u << 16);
    CHECK(slabs.size() == (3126 + 30) / 31);
    for (const Slab& slab : slabs) CHECK(slab.selection.elements() <= 31 * 32);
    CHECK(slabs.back().selection.first + slabs.back().selection.elements() == 100003);
    CHECK(layout.elementsOf(layout.segments - 1) == 3);
}

TEST_CASE("A tensor with one slab is one run", "[segments]") {
    for (const auto& [shape, granularity] : cases()) {
        const auto slabs = slabsOf(layoutFor(shape, granularity), 1000000, 1000000);
        REQUIRE(slabs.size() == 1);
        CHECK(slabs.front().selection.runs == 1);
    }
}

TEST_CASE("A tensor without elements has segments without elements, or none", "[segments]") {
    CHECK(layoutFor({0}, {}).segments == 1);
    CHECK(layoutFor({0}, channel(0)).segments == 0);
    CHECK(layoutFor({4, 0}, channel(0)).segments == 4);
    CHECK(layoutFor({0, 4}, channel(1)).segments == 4);
    CHECK(layoutFor({4, 0}, groups(8)).segments == 0);
    CHECK(layoutFor({0, 4}, groups(8)).segments == 0);
    for (const Shape& shape : {Shape{0}, Shape{4, 0}, Shape{0, 4}, Shape{2, 0, 3}}) {
        for (const Granularity& granularity : {Granularity(), channel(0), groups(8)}) {
            const SegmentLayout layout = layoutFor(shape, granularity);
            CHECK(layout.longestSegment() == 0);
            for (const Slab& slab : slabsOf(layout, 10, 10)) CHECK(slab.selection.elements() == 0);
        }
    }
}

TEST_CASE("A scalar is one segment", "[segments]") {
    for (const Granularity& granularity : {Granularity(), channel(0), groups(8)}) {
        const SegmentLayout layout = layoutFor({}, granularity);
        CHECK(layout.segments == 1);
        CHECK(layout.elementsOf(0) == 1);
        CHECK(elementsOf(segmentSelection(layout, 0)) == std::vector<uint64_t>{0});
    }
}

TEST_CASE("An axis that the tensor lacks is refused with file and tensor", "[segments]") {
    try {
        layoutOf(infoOf({2, 3}), channel(2), "model.safetensors");
        FAIL("taken");
    } catch (const InputError& error) {
        CHECK(std::string(error.what()).contains("model.safetensors"));
        CHECK(std::string(error.what()).contains("'w'"));
        CHECK(std::string(error.what()).contains("axis 2"));
    }
    CHECK_THROWS_AS(layoutFor({}, channel(1)), InputError);
}

TEST_CASE("A tensor without elements has no millions of clips", "[segments]") {
    const auto problem = [](std::vector<uint64_t> shape, const char* granularity) {
        return granularityProblem(shape, granularityFrom(granularity));
    };
    CHECK(problem({5, 0}, "channel").empty());
    CHECK(problem({uint64_t{1} << 40, 0}, "tensor").empty());
    CHECK(problem({uint64_t{1} << 40, 0}, "channel") == "has no elements to share its clips");
    CHECK(problem({0, 100'000}, "group:1:1") == "has no elements to share its clips");
    CHECK(problem({uint64_t{1} << 40, 1}, "channel").empty());
}

}  // namespace tests
