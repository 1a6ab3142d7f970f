#include "quant/segments.h"

#include "quant/input_error.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace quant {

namespace {

uint64_t numberAfter(std::string_view text, std::string_view prefix, uint64_t largest) {
    const std::string_view digits = text.substr(prefix.size());
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value > largest) {
        throw std::invalid_argument("'" + std::string(text) +
                                    "' is not a granularity: a whole number must follow the colon");
    }
    return value;
}

}  // namespace

std::string Granularity::name() const {
    if (kind == Kind::Group) return "group:" + std::to_string(groupSize);
    if (kind == Kind::Channel) return axis == 0 ? "channel" : "channel:" + std::to_string(axis);
    return "tensor";
}

Granularity granularityFrom(std::string_view text) {
    using Kind = Granularity::Kind;
    if (text == "tensor") return {};
    if (text == "channel") return {Kind::Channel, 0, 0};
    if (text.starts_with("channel:"))
        return {Kind::Channel, static_cast<uint32_t>(numberAfter(text, "channel:", 63)), 0};
    if (text.starts_with("group:")) {
        const uint64_t size = numberAfter(text, "group:", uint64_t{1} << 40);
        if (size > 0) return {Kind::Group, 0, size};
        throw std::invalid_argument("a group has at least 1 element");
    }
    throw std::invalid_argument("unknown granularity '" + std::string(text) +
                                "'; there are tensor, channel, channel:AXIS and group:N");
}

SegmentLayout layoutOf(const TensorInfo& info, const Granularity& granularity, const std::string& path) {
    SegmentLayout layout;
    layout.inner = info.elements;
    if (granularity.kind == Granularity::Kind::Tensor || (info.shape.empty() && granularity.axis == 0))
        return layout;
    if (granularity.kind == Granularity::Kind::Group) {
        layout.rowElements = info.shape.back();
        layout.rows = layout.rowElements == 0 ? 0 : info.elements / layout.rowElements;
        layout.inner = std::min(granularity.groupSize, std::max<uint64_t>(layout.rowElements, 1));
        layout.segmentsPerOuter = (layout.rowElements + layout.inner - 1) / layout.inner;
        layout.segments = layout.rows * layout.segmentsPerOuter;
        return layout;
    }
    if (granularity.axis >= info.shape.size()) {
        throw InputError(path, info.name,
                         "has no axis " + std::to_string(granularity.axis) + ": it has " +
                             std::to_string(info.shape.size()));
    }
    layout.inner = 1;
    for (size_t axis = 0; axis < info.shape.size(); ++axis) {
        if (axis < granularity.axis) layout.outer *= info.shape[axis];
        if (axis > granularity.axis) layout.inner *= info.shape[axis];
    }
    layout.segmentsPerOuter = layout.segments = info.shape[granularity.axis];
    return layout;
}

std::vector<uint64_t> scaleShape(const TensorInfo& info, const Granularity& granularity) {
    if (info.shape.empty() || granularity.kind == Granularity::Kind::Tensor) return {1};
    if (granularity.kind == Granularity::Kind::Channel) return {info.shape[granularity.axis]};
    std::vector<uint64_t> shape = info.shape;
    shape.back() = (shape.back() + granularity.groupSize - 1) / granularity.groupSize;
    return shape;
}

uint64_t SegmentLayout::elementsOf(uint64_t segment) const {
    if (rowElements == 0) return outer * inner;
    return std::min(inner, rowElements - segment % segmentsPerOuter * inner);
}

uint64_t SegmentLayout::longestSegment() const {
    return segments == 0 ? 0 : elementsOf(0);
}

uint64_t SegmentLayout::segmentOf(uint64_t element) const {
    if (rowElements == 0) return element / inner % segments;
    return element / rowElements * segmentsPerOuter + element % rowElements / inner;
}

Selection segmentSelection(const SegmentLayout& layout, uint64_t segment) {
    if (layout.rowElements == 0) {
        return {.first = segment * layout.inner,
                .run = layout.inner,
                .stride = layout.segments * layout.inner,
                .runs = layout.outer};
    }
    const uint64_t row = segment / layout.segmentsPerOuter, inRow = segment % layout.segmentsPerOuter;
    return {.first = row * layout.rowElements + inRow * layout.inner, .run = layout.elementsOf(segment)};
}

namespace {

std::vector<Slab> channelSlabs(const SegmentLayout& layout, uint64_t perSlab) {
    std::vector<Slab> slabs;
    for (uint64_t first = 0; first < layout.segments; first += perSlab) {
        const uint64_t count = std::min(perSlab, layout.segments - first);
        Slab& slab = slabs.emplace_back();
        slab.firstSegment = first;
        slab.layout = layout;
        slab.layout.segments = slab.layout.segmentsPerOuter = count;
        slab.selection = {.first = first * layout.inner,
                          .run = count * layout.inner,
                          .stride = layout.segments * layout.inner,
                          .runs = layout.outer};
        // All channels: one run, which is read in large pieces.
        if (count == layout.segments) slab.selection = {.run = count * layout.inner * layout.outer};
    }
    return slabs;
}

// Some whole rows, or some whole groups of one row.
Slab groupSlab(const SegmentLayout& layout, uint64_t firstRow, uint64_t rows, uint64_t firstGroup,
               uint64_t groups) {
    Slab slab;
    slab.firstSegment = firstRow * layout.segmentsPerOuter + firstGroup;
    slab.layout = layout;
    slab.layout.rows = rows;
    slab.layout.rowElements = std::min(groups * layout.inner, layout.rowElements - firstGroup * layout.inner);
    slab.layout.segmentsPerOuter = groups;
    slab.layout.segments = rows * groups;
    slab.selection = {.first = firstRow * layout.rowElements + firstGroup * layout.inner,
                      .run = rows * slab.layout.rowElements};
    return slab;
}

std::vector<Slab> groupSlabs(const SegmentLayout& layout, uint64_t maxElements, uint64_t maxSegments) {
    std::vector<Slab> slabs;
    const uint64_t rows = std::min(maxElements / layout.rowElements, maxSegments / layout.segmentsPerOuter);
    for (uint64_t row = 0; row < layout.rows; row += std::max<uint64_t>(rows, 1)) {
        if (rows > 0) {
            slabs.push_back(
                groupSlab(layout, row, std::min(rows, layout.rows - row), 0, layout.segmentsPerOuter));
            continue;
        }
        const uint64_t groups = std::max<uint64_t>(std::min(maxElements / layout.inner, maxSegments), 1);
        for (uint64_t group = 0; group < layout.segmentsPerOuter; group += groups) {
            slabs.push_back(
                groupSlab(layout, row, 1, group, std::min(groups, layout.segmentsPerOuter - group)));
        }
    }
    return slabs;
}

}  // namespace

std::vector<Slab> slabsOf(const SegmentLayout& layout, uint64_t maxElements, uint64_t maxSegments) {
    if (layout.segments == 0) return {};
    if (layout.rowElements != 0) return groupSlabs(layout, maxElements, maxSegments);
    const uint64_t fitting = maxElements / std::max<uint64_t>(layout.elementsOf(0), 1);
    return channelSlabs(layout, std::clamp<uint64_t>(fitting, 1, maxSegments));
}

}  // namespace quant
