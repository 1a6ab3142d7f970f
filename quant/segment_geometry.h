#pragma once

#include "quant/segments.h"
#include "shaders/segments.h"

namespace quant {

// The layout as kernels see it. Its numbers must fit 32 bits: the caller cuts slabs accordingly.
inline shaders::SegmentGeometry geometryOf(const SegmentLayout& layout) {
    return {.firstSegment = 0,
            .segments = static_cast<uint32_t>(layout.segments),
            .outer = static_cast<uint32_t>(layout.outer),
            .inner = static_cast<uint32_t>(layout.inner),
            .segmentsPerRow = static_cast<uint32_t>(layout.segmentsPerOuter),
            .rowElements = static_cast<uint32_t>(layout.rowElements),
            .rowsPerOuter = static_cast<uint32_t>(layout.rowsPerOuter),
            .bandRows = static_cast<uint32_t>(layout.bandRows)};
}

}  // namespace quant
