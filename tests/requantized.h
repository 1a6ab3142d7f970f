#pragma once

#include "quant/quantized_gemm.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tests {

// What becomes of the total of an element, from the definitions.
struct Requantized {
    quant::QuantizedOutput output = quant::QuantizedOutput::Int8;
    quant::Requantization requantization = quant::Requantization::Float;
    float scale = 1;  // of 8-bit outputs
    int32_t zeroPoint = 0;
    bool isRelu = false;

    // Writes element `index` of an output. scale_: what a total of 1 stands for.
    void store(std::vector<std::byte>& bytes, uint64_t index, int64_t total, double scale_) const;
};

}  // namespace tests
