#pragma once

#include "quant/analysis.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <optional>

namespace quant {

// How one tensor is quantized.
struct QuantizeOptions {
    uint32_t bits = 8;                   // 1 to 16
    std::optional<NumberFormat> format;  // instead of integers of `bits` bits
    Method method;
    Granularity granularity;
    Sign sign = Sign::Auto;
    Rounding rounding;
    Metric metric;         // as of AnalysisOptions
    bool isFake = false;   // keep the float dtype, values rounded to the grid
    bool isPacked = true;  // codes of fewer than 8 bits share bytes
};

// What became of one tensor.
struct QuantizedTensor {
    TensorInfo info;              // as it was
    DType storedAs = DType::F32;  // its dtype in the output
    bool isQuantized = false;     // false: copied as it was
    uint64_t notNumbers = 0;      // NaN: level 0, or NaN as a value
    uint64_t infinities = 0;      // clipped
    float absmax = 0;             // of a quantized one's finite elements
    QuantizeOptions options;      // of a quantized one
    MethodResult result;          // of a quantized one

    // Whether codes of fewer than 8 bits share bytes.
    bool isPacked() const;
};

// Whether a format has codes: casts have values.
bool hasCodes(const NumberFormat& format);

// The type of a tensor's codes or values in an output, before packing.
DType outputType(const QuantizedTensor& tensor);

// The tensor as it stands in an output: packed codes have fewer bytes in a row.
TensorInfo storedInfo(const QuantizedTensor& tensor);

}  // namespace quant
