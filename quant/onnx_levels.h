#pragma once

#include "quant/segments.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace quant {

// Integer levels in place of a tensor's values, value = (level - zero point) * scale, and what shares a
// scale: the tensor, each index along an axis, or each run of groupSize elements along an axis.
struct OnnxLevels {
    uint32_t bits = 8;  // 2 to 16
    bool isSigned = true;
    Granularity::Kind kind = Granularity::Kind::Tensor;
    size_t axis = 0;         // Channel, Group: of the tensor's
    uint64_t groupSize = 0;  // Group: at least 1; the last group along the axis may be shorter
    // Tensor: one. Channel: shape[axis]. Group: row-major, of the tensor's shape with the number of groups in
    // place of shape[axis].
    std::vector<float> scales;
    std::vector<int32_t> zeroPoints;  // likewise, each a level; empty: all 0
};

// What the parts of a tensor are called in the model; empty where values replace values.
struct OnnxPartNames {
    std::string levels, scale, zeroPoint;  // zeroPoint: empty where all are 0
    std::string levelType;                 // of the levels, as ONNX calls it: "INT4"
};

}  // namespace quant
