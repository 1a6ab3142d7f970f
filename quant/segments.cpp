#include "quant/segments.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "quant/input_error.h"

namespace quant {

namespace {

uint64_t numberAfter(std::string_view text, std::string_view prefix, uint64_t largest) {
    const std::string_view digits = text.substr(prefix.size());
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value > largest) {
        throw std::invalid_argument("'" + std::string(text) + "' is not a granularity: a whole number must follow the colon");
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
    if (text.starts_with("channel:")) return {Kind::Channel, static_cast<uint32_t>(numberAfter(text, "channel:", 63)), 0};
    if (text.starts_with("group:")) {
        const uint64_t size = numberAfter(text, "group:", uint64_t{1} << 40);
        if (size > 0) return {Kind::Group, 0, size};
        throw std::invalid_argument("a group has at least 1 element");
    }
    throw std::invalid_argument("unknown granularity '" + std::string(text) + "'; there are tensor, channel, channel:AXIS and group:N");
}

SegmentLayout layoutOf(const TensorInfo& info, const Granularity& granularity, const std::string& path) {
    SegmentLayout layout;
    layout.inner = info.elements;
    if (granularity.kind == Granularity::Kind::Tensor || (info.shape.empty() && granularity.axis == 0)) return layout;
    if (granularity.kind == Granularity::Kind::Group) {
        layout.rowElements = info.shape.back();
        layout.rows = layout.rowElements == 0 ? 0 : info.elements / layout.rowElements;
        layout.inner = std::min(granularity.groupSize, std::max<uint64_t>(layout.rowElements, 1));
        layout.segmentsPerOuter = (layout.rowElements + layout.inner - 1) / layout.inner;
        layout.segments = layout.rows * layout.segmentsPerOuter;
        return layout;
    }
    if (granularity.axis >= info.shape.size()) {
        throw InputError(path, info.name, "has no axis " + std::to_string(granularity.axis) + ": it has " + std::to_string(info.shape.size()));
    }
    layout.inner = 1;
    for (size_t axis = 0; axis < info.shape.size(); ++axis) {
        if (axis < granularity.axis) layout.outer *= info.shape[axis];
        if (axis > granularity.axis) layout.inner *= info.shape[axis];
    }
    layout.segmentsPerOuter = layout.segments = info.shape[granularity.axis];
    return layout;
}

uint64_t SegmentLayout::elementsOf(uint64_t segment) const {
    if (rowElements == 0) return outer * inner;
    return std::min(inner, rowElements - segment % segmentsPerOuter * inner);
}

uint64_t SegmentLayout::longestSegment() const { return segments == 0 ? 0 : elementsOf(0); }

uint64_t SegmentLayout::segmentOf(uint64_t element) const {
    if (rowElements == 0) return element / inner % segments;
    return element / rowElements * segmentsPerOuter + element % rowElements / inner;
}

}  // namespace quant
