#pragma once

#include "quant/quantized_tensor.h"

#include <cstddef>
#include <vector>

namespace quant {

// A tensor that stands beside the codes of another and says what they mean.
struct ScaleTensor {
    TensorInfo info;               // NAME.scale, NAME.tensor_scale or NAME.zero_point
    std::vector<std::byte> bytes;  // its elements, little-endian
};

// What an output holds beside a tensor (see quantizeFile): nothing beside values, copies, and codes of a
// fixed scale.
std::vector<ScaleTensor> scaleTensorsOf(const QuantizedTensor& tensor);

}  // namespace quant
