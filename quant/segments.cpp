#include "quant/segments.h"

#include "quant/input_error.h"

#include <algorithm>
#include <charconv>
#include <format>
#include <optional>
#include <stdexcept>

namespace quant {

namespace {

using Kind = Granularity::Kind;

constexpr uint64_t largestGroup = uint64_t{1} << 40, largestAxis = maxDimensions - 1;

// Consumes a whole number from the front of the text; none where there is none or it is too large.
std::optional<uint64_t> takeNumber(std::string_view& text, uint64_t largest) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > largest) return {};
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

[[noreturn]] void refuse(std::string_view text, const char* why) {
    throw std::invalid_argument("'" + std::string(text) + "' is not a granularity: " + why);
}

Granularity groupFrom(std::string_view text, std::string_view rest) {
    const auto size = takeNumber(rest, largestGroup);
    if (!size) refuse(text, "a whole number must follow the colon");
    Granularity granularity{Kind::Group, 0, *size};
    if (take(rest, ":")) {
        const auto axis = takeNumber(rest, largestAxis);
        if (!axis) refuse(text, "an axis from 0 on must follow the second colon");
        granularity.groupAxis = static_cast<uint32_t>(*axis);
    }
    if (!rest.empty()) refuse(text, "a whole number must follow the colon");
    if (*size == 0) throw std::invalid_argument("a group has at least 1 element");
    return granularity;
}

Granularity blockFrom(std::string_view text, std::string_view rest) {
    const auto rows = takeNumber(rest, largestGroup);
    const bool hasColumns = rows && take(rest, "x");
    const auto columns = hasColumns ? takeNumber(rest, largestGroup) : std::nullopt;
    if (!columns || !rest.empty()) refuse(text, "rows and columns must follow the colon, as 16x16");
    if (*rows == 0 || *columns == 0) throw std::invalid_argument("a block has at least 1 row and 1 column");
    return {Kind::Block, 0, *columns, {}, *rows};
}

size_t groupAxisOf(const std::vector<uint64_t>& shape, const Granularity& granularity) {
    return granularity.groupAxis.value_or(static_cast<uint32_t>(shape.size() - 1));
}

uint64_t partsOf(uint64_t extent, uint64_t size) {
    return (extent + size - 1) / size;
}

uint64_t product(const std::vector<uint64_t>& shape, size_t first, size_t end) {
    uint64_t elements = 1;
    for (size_t axis = first; axis < end; ++axis) elements *= shape[axis];
    return elements;
}

// What a tensor without elements may have of channels, groups and blocks.
constexpr uint64_t mostEmptyParts = 1 << 16;

// Of a shape that a tensor has: it fits 64 bits.
uint64_t nonzeroProduct(const std::vector<uint64_t>& shape) {
    uint64_t elements = 1;
    for (const uint64_t extent : shape) elements *= std::max<uint64_t>(extent, 1);
    return elements;
}

// Rows of rowElements, cut into bands of bandRows and columns of `columns`.
SegmentLayout bandedLayout(uint64_t outers, uint64_t rowsPerOuter, uint64_t rowElements, uint64_t bandRows,
                           uint64_t columns) {
    SegmentLayout layout;
    layout.rowElements = rowElements;
    layout.rowsPerOuter = rowsPerOuter;
    layout.rows = rowElements == 0 ? 0 : outers * rowsPerOuter;
    layout.bandRows = std::clamp<uint64_t>(bandRows, 1, std::max<uint64_t>(rowsPerOuter, 1));
    layout.inner = std::clamp<uint64_t>(columns, 1, std::max<uint64_t>(rowElements, 1));
    layout.segmentsPerOuter = partsOf(rowElements, layout.inner);
    layout.segments = layout.rows == 0 ? 0 : outers * layout.bandsPerOuter() * layout.segmentsPerOuter;
    return layout;
}

SegmentLayout channelLayout(const std::vector<uint64_t>& shape, uint32_t axis) {
    SegmentLayout layout;
    layout.outer = product(shape, 0, axis);
    layout.inner = product(shape, axis + 1, shape.size());
    layout.segmentsPerOuter = layout.segments = shape[axis];
    return layout;
}

}  // namespace

std::string Granularity::name() const {
    switch (kind) {
        case Kind::Tensor:
            break;
        case Kind::Channel:
            return axis == 0 ? "channel" : "channel:" + std::to_string(axis);
        case Kind::Group:
            return "group:" + std::to_string(groupSize) + (groupAxis ? ":" + std::to_string(*groupAxis) : "");
        case Kind::Block:
            return "block:" + std::to_string(blockRows) + "x" + std::to_string(groupSize);
    }
    return "tensor";
}

Granularity granularityFrom(std::string_view text) {
    std::string_view rest = text;
    if (text == "tensor") return {};
    if (text == "channel") return {Kind::Channel, 0, 0};
    if (take(rest, "channel:")) {
        const auto axis = takeNumber(rest, largestAxis);
        if (!axis || !rest.empty()) refuse(text, "a whole number must follow the colon");
        return {Kind::Channel, static_cast<uint32_t>(*axis), 0};
    }
    if (take(rest, "group:")) return groupFrom(text, rest);
    if (take(rest, "block:")) return blockFrom(text, rest);
    throw std::invalid_argument(
        "unknown granularity '" + std::string(text) +
        "'; there are tensor, channel, channel:AXIS, group:N, group:N:AXIS and block:RxC");
}

std::string granularityProblem(const std::vector<uint64_t>& shape, const Granularity& granularity) {
    std::optional<uint64_t> needed;  // axes
    if (granularity.kind == Kind::Channel) needed = granularity.axis + uint64_t{1};
    if (granularity.kind == Kind::Group && granularity.groupAxis)
        needed = *granularity.groupAxis + uint64_t{1};
    if (needed && *needed > std::max<size_t>(shape.size(), 1))
        return std::format("has no axis {}: it has {}", *needed - 1, shape.size());
    // Clips for nothing: memory would follow what a header says, not what a file holds.
    const bool isEmpty = std::ranges::contains(shape, uint64_t{0});
    if (granularity.kind == Kind::Tensor || !isEmpty || nonzeroProduct(shape) <= mostEmptyParts) return "";
    return "has no elements to share its clips";
}

SegmentLayout layoutOf(const TensorInfo& info, const Granularity& granularity, const std::string& path) {
    const auto& shape = info.shape;
    const std::string problem = granularityProblem(shape, granularity);
    if (!problem.empty()) throw InputError(path, info.name, problem);
    SegmentLayout layout;
    layout.inner = info.elements;
    if (granularity.kind == Kind::Tensor || shape.empty()) return layout;
    if (granularity.kind == Kind::Channel) return channelLayout(shape, granularity.axis);
    if (granularity.kind == Kind::Block) {
        const uint64_t rows = shape.size() < 2 ? 1 : shape[shape.size() - 2];
        const uint64_t outers = shape.size() < 2 ? 1 : product(shape, 0, shape.size() - 2);
        return bandedLayout(outers, rows, shape.back(), granularity.blockRows, granularity.groupSize);
    }
    const size_t axis = groupAxisOf(shape, granularity);
    if (axis + 1 == shape.size())
        return bandedLayout(product(shape, 0, axis), 1, shape.back(), 1, granularity.groupSize);
    return bandedLayout(product(shape, 0, axis), shape[axis], product(shape, axis + 1, shape.size()),
                        granularity.groupSize, 1);
}

std::vector<uint64_t> scaleShape(const TensorInfo& info, const Granularity& granularity) {
    if (info.shape.empty() || granularity.kind == Kind::Tensor) return {1};
    if (granularity.kind == Kind::Channel) return {info.shape[granularity.axis]};
    std::vector<uint64_t> shape = info.shape;
    if (granularity.kind == Kind::Group) {
        uint64_t& extent = shape[groupAxisOf(shape, granularity)];
        extent = partsOf(extent, granularity.groupSize);
        return shape;
    }
    shape.back() = partsOf(shape.back(), granularity.groupSize);
    if (shape.size() > 1) shape[shape.size() - 2] = partsOf(shape[shape.size() - 2], granularity.blockRows);
    return shape;
}

namespace {

// A segment of rows and columns: where it begins and how far it goes.
struct BandedPlace {
    uint64_t firstRow, firstColumn, height, width;
};

BandedPlace placeOf(const SegmentLayout& layout, uint64_t segment) {
    const uint64_t band = segment / layout.segmentsPerOuter, column = segment % layout.segmentsPerOuter;
    const uint64_t outer = band / layout.bandsPerOuter(),
                   inOuter = band % layout.bandsPerOuter() * layout.bandRows;
    return {.firstRow = outer * layout.rowsPerOuter + inOuter,
            .firstColumn = column * layout.inner,
            .height = std::min(layout.bandRows, layout.rowsPerOuter - inOuter),
            .width = std::min(layout.inner, layout.rowElements - column * layout.inner)};
}

}  // namespace

uint64_t SegmentLayout::elementsOf(uint64_t segment) const {
    if (rowElements == 0) return outer * inner;
    const BandedPlace place = placeOf(*this, segment);
    return place.height * place.width;
}

uint64_t SegmentLayout::longestSegment() const {
    return segments == 0 ? 0 : elementsOf(0);
}

uint64_t SegmentLayout::segmentOf(uint64_t element) const {
    if (rowElements == 0) return element / inner % segments;
    const uint64_t row = element / rowElements, column = element % rowElements;
    const uint64_t band = row / rowsPerOuter * bandsPerOuter() + row % rowsPerOuter / bandRows;
    return band * segmentsPerOuter + column / inner;
}

Selection segmentSelection(const SegmentLayout& layout, uint64_t segment) {
    if (layout.rowElements == 0) {
        return {.first = segment * layout.inner,
                .run = layout.inner,
                .stride = layout.segments * layout.inner,
                .runs = layout.outer};
    }
    const BandedPlace place = placeOf(layout, segment);
    return {.first = place.firstRow * layout.rowElements + place.firstColumn,
            .run = place.width,
            .stride = layout.rowElements,
            .runs = place.height};
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

// Rows from firstRow on, of which whole outers or a part of one, and some of the segments along them. All
// segments begin in these rows.
Slab bandSlab(const SegmentLayout& layout, uint64_t firstRow, uint64_t rows, uint64_t firstColumn,
              uint64_t columns) {
    Slab slab;
    slab.layout = layout;
    slab.layout.rows = rows;
    slab.layout.rowsPerOuter = std::min(layout.rowsPerOuter, rows);
    slab.layout.rowElements =
        std::min(columns * layout.inner, layout.rowElements - firstColumn * layout.inner);
    slab.layout.segmentsPerOuter = columns;
    const uint64_t outers = rows / slab.layout.rowsPerOuter;
    slab.layout.segments = outers * slab.layout.bandsPerOuter() * columns;
    slab.firstSegment = layout.segmentOf(firstRow * layout.rowElements + firstColumn * layout.inner);
    slab.selection = {.first = firstRow * layout.rowElements + firstColumn * layout.inner,
                      .run = slab.layout.rowElements,
                      .stride = layout.rowElements,
                      .runs = rows};
    // Whole rows follow each other.
    if (columns == layout.segmentsPerOuter)
        slab.selection = {.first = slab.selection.first, .run = rows * layout.rowElements};
    return slab;
}

std::vector<Slab> bandSlabs(const SegmentLayout& layout, uint64_t maxElements, uint64_t maxSegments) {
    std::vector<Slab> slabs;
    const uint64_t bands = layout.bandsPerOuter();
    const uint64_t bandElements = layout.bandRows * layout.rowElements;
    const uint64_t fitting = std::min(maxElements / bandElements, maxSegments / layout.segmentsPerOuter);
    const uint64_t outers = std::min(maxElements / (layout.rowsPerOuter * layout.rowElements),
                                     maxSegments / (bands * layout.segmentsPerOuter));
    const uint64_t rowsPerSlab =
        outers > 0 ? outers * layout.rowsPerOuter : std::max<uint64_t>(fitting, 1) * layout.bandRows;
    for (uint64_t row = 0; row < layout.rows;) {
        const uint64_t left =
            outers > 0 ? layout.rows - row : layout.rowsPerOuter - row % layout.rowsPerOuter;
        const uint64_t rows = std::min(rowsPerSlab, left);
        const uint64_t columns =
            fitting > 0 ? layout.segmentsPerOuter
                        : std::max<uint64_t>(
                              std::min(maxElements / (layout.inner * layout.bandRows), maxSegments), 1);
        for (uint64_t column = 0; column < layout.segmentsPerOuter; column += columns) {
            slabs.push_back(
                bandSlab(layout, row, rows, column, std::min(columns, layout.segmentsPerOuter - column)));
        }
        row += rows;
    }
    return slabs;
}

}  // namespace

std::vector<Slab> slabsOf(const SegmentLayout& layout, uint64_t maxElements, uint64_t maxSegments) {
    if (layout.segments == 0) return {};
    if (layout.rowElements != 0) return bandSlabs(layout, maxElements, maxSegments);
    const uint64_t fitting = maxElements / std::max<uint64_t>(layout.elementsOf(0), 1);
    return channelSlabs(layout, std::clamp<uint64_t>(fitting, 1, maxSegments));
}

}  // namespace quant
