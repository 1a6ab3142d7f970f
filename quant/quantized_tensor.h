#pragma once

#include "quant/analysis.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
    uint64_t finite = 0;          // elements of a quantized one, and what is known of them:
    bool hasNegative = false;
    float absmax = 0;
    double energy = 0;        // Σx²
    QuantizeOptions options;  // of a quantized one
    MethodResult result;      // of a quantized one; its error is that of the output (hasRoundingError)

    std::string modelType;  // of the levels in an ONNX model, as it calls it: "INT4"

    // Whether codes of fewer than 8 bits share bytes.
    bool isPacked() const;
    // How it is stored: "I8", "U8 packed", "INT4".
    std::string storedName() const;
};

// The grids of a result, by segment.
std::vector<ClippedGrid> gridsOf(const MethodResult& result);

// Whether a format has codes: casts have values.
bool hasCodes(const NumberFormat& format);

// The type of a tensor's codes or values in an output, before packing.
DType outputType(const QuantizedTensor& tensor);

// The tensor as it stands in an output: packed codes have another shape.
TensorInfo storedInfo(const QuantizedTensor& tensor);

}  // namespace quant
