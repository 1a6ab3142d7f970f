#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quant/tensor_file.h"

namespace quant {

// What shares one clip: the whole tensor, each index along an axis, or each run of N consecutive elements of a row.
struct Granularity {
    enum class Kind { Tensor, Channel, Group };
    Kind kind = Kind::Tensor;
    uint32_t axis = 0;        // Channel: from 0
    uint64_t groupSize = 0;   // Group: at least 1, along the last axis; the last group of a row may be shorter

    std::string name() const;  // "tensor", "channel", "channel:1", "group:32"
};

// Parses "tensor", "channel" (axis 0), "channel:AXIS", "group:N". Throws std::invalid_argument.
Granularity granularityFrom(std::string_view text);

// Which elements belong to which segment, in row-major order of the tensor.
struct SegmentLayout {
    uint64_t outer = 1, segmentsPerOuter = 1, inner = 0;  // channel: element (o, segment, i)
    uint64_t rows = 0, rowElements = 0;                   // group: rows of rowElements, cut every `inner` elements; else 0
    uint64_t segments = 1;

    uint64_t elementsOf(uint64_t segment) const;
    uint64_t longestSegment() const;
    uint64_t segmentOf(uint64_t element) const;
};

// Throws InputError when the tensor lacks the axis. A scalar has one channel along axis 0.
SegmentLayout layoutOf(const TensorInfo& info, const Granularity& granularity, const std::string& path);

}  // namespace quant
