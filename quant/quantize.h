#pragma once

#include "quant/analysis.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace quant {

// The entry of an output's metadata that describes what is quantized, in JSON.
constexpr const char* quantizationMetadataKey = "clipscope.quantization";

struct QuantizeOptions {
    uint32_t bits = 8;  // 2 to 16
    Method method;
    Granularity granularity;
    Sign sign = Sign::Auto;
    bool isFake = false;  // keep the float dtype, values rounded to the grid
};

// What became of one tensor.
struct QuantizedTensor {
    TensorInfo info;              // as it was
    DType storedAs = DType::F32;  // its dtype in the output
    bool isQuantized = false;     // false: copied as it was
    uint64_t notNumbers = 0;      // NaN: level 0, or NaN as a value
    uint64_t infinities = 0;      // clipped
    MethodResult result;          // of a quantized one
};

// What a user who names no tensors means: the analyzable tensors of two and more dimensions, which hold the
// weights. Biases and norms keep their precision. All analyzable tensors when none has two dimensions.
std::vector<size_t> weightTensors(const TensorFile& file);

// Quantizes `selected` tensors of the file (indices; each must be analyzable). An ONNX model under an output
// name that ends in .onnx stays a model: see quant/quantize_onnx.h. Otherwise a safetensors file is written
// that holds every tensor of the input, wide types first:
// - fake: quantized tensors keep name, shape and dtype (F64 becomes F32); values are step * level.
// - otherwise: levels as I8 or U8 (up to 8 bits) or I16 or U16 under the tensor's name, and NAME.scale, F32:
//   shape [1], [channels], or the tensor's shape with its last extent replaced by the number of groups in a
//   row.
// The metadata keep the input's entries; "clipscope.quantization" describes each quantized tensor in JSON.
// The output appears whole or not at all. `onTensor` is called with how many tensors are done, twice per
// tensor. Throws InputError (unreadable data, a name NAME.scale that the input already has, a tensor that the
// metadata say is quantized already), OutputError.
std::vector<QuantizedTensor> quantizeFile(Analyzer& analyzer, const TensorFile& file,
                                          const std::vector<size_t>& selected, const QuantizeOptions& options,
                                          const std::string& output,
                                          const std::function<void(size_t done, size_t total)>& onTensor);

}  // namespace quant
