#pragma once

#include "quant/tensor_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quant {

// Which elements of a tensor are meant, as a tensor of their own: `runs` runs of `run` consecutive elements,
// `stride` elements apart.
struct Selection {
    uint64_t first = 0, run = 0, stride = 0, runs = 1;
    uint64_t elements() const { return run * runs; }
    bool operator==(const Selection&) const = default;
};

// What shares one clip: the whole tensor, each index along an axis, each run of N elements along an axis, or
// each block of rows and columns of the last two axes.
struct Granularity {
    enum class Kind { Tensor, Channel, Group, Block };
    Kind kind = Kind::Tensor;
    uint32_t axis = 0;  // Channel: from 0
    uint64_t groupSize =
        0;  // Group: elements, at least 1, the last group along the axis may be shorter; Block: columns
    std::optional<uint32_t> groupAxis = {};  // Group: from 0; none: the last axis
    uint64_t blockRows = 1;                  // Block: at least 1

    std::string name() const;  // "tensor", "channel", "channel:1", "group:32", "group:32:1", "block:16x16"
    bool operator==(const Granularity&) const = default;
};

// Parses "tensor", "channel" (axis 0), "channel:AXIS", "group:N" (last axis), "group:N:AXIS",
// "block:ROWSxCOLUMNS". Throws std::invalid_argument.
Granularity granularityFrom(std::string_view text);

// Why a tensor of that shape cannot have the granularity (it lacks the axis); empty if it can. A scalar has
// one channel, group and block.
std::string granularityProblem(const std::vector<uint64_t>& shape, const Granularity& granularity);

// Which elements belong to which segment, in row-major order of the tensor.
struct SegmentLayout {
    uint64_t outer = 1, segmentsPerOuter = 1, inner = 0;  // channel: element (o, segment, i)
    // Group and block: rows of rowElements, cut every `inner` elements; else 0. Of every rowsPerOuter rows,
    // bandRows (the last ones fewer) share their segments.
    uint64_t rows = 0, rowElements = 0, rowsPerOuter = 0, bandRows = 1;
    uint64_t segments = 1;

    uint64_t elementsOf(uint64_t segment) const;
    uint64_t longestSegment() const;
    uint64_t segmentOf(uint64_t element) const;
    uint64_t bandsPerOuter() const { return (rowsPerOuter + bandRows - 1) / bandRows; }
    // Whether the elements of a segment lie in more than one run.
    bool isStrided() const { return outer > 1 || bandRows > 1; }
};

// Shape of one value per segment: [1], [channels], or the tensor's shape with every extent replaced by the
// number of groups or blocks along it.
std::vector<uint64_t> scaleShape(const TensorInfo& info, const Granularity& granularity);

// Throws InputError when the tensor lacks the axis.
SegmentLayout layoutOf(const TensorInfo& info, const Granularity& granularity, const std::string& path);

// A part of a tensor that is answered at once: whole segments, read as one selection.
struct Slab {
    Selection selection;
    SegmentLayout layout;  // of the selection
    uint64_t firstSegment = 0;
};

// Cuts a layout into slabs of at most maxElements elements (but at least one segment) and maxSegments
// segments.
std::vector<Slab> slabsOf(const SegmentLayout& layout, uint64_t maxElements, uint64_t maxSegments);

// One segment as a selection of the tensor.
Selection segmentSelection(const SegmentLayout& layout, uint64_t segment);

}  // namespace quant
