#pragma once

#include "quant/quantize.h"

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace quant {

class OnnxFile;

// The model that an output is to be, by its name: none where it is not .onnx. Throws InputError where the
// file is no model, or one in which a tensor of the jobs cannot be replaced (see checkOnnxReplacement).
const OnnxFile* onnxModelFor(const TensorFile& file, const std::vector<QuantizeJob>& jobs,
                             const std::string& output);

// The options as an ONNX model can hold them: what is not integers per tensor, channel or group becomes fake.
QuantizeOptions onnxOptions(QuantizeOptions options);

using ByteSink = std::function<void(std::span<const std::byte>)>;

// Writes the model with the quantized tensors replaced: levels and the nodes that dequantize them, or
// fake-quantized values in the tensor's dtype. `produce` makes the data of a tensor, levels or values as its
// storedAs says; values of F64 tensors arrive as F32 and are widened, and storedAs becomes F64; modelType is
// set. The metadata gain the names of levels and scales. Throws InputError, OutputError.
void writeOnnx(const OnnxFile& model, std::vector<QuantizedTensor>& tensors,
               const std::map<std::string, std::string>& metadata, const std::string& output,
               const std::function<void(size_t tensor, const ByteSink& sink)>& produce);

}  // namespace quant
