#pragma once

#include "quant/quantization_key.h"
#include "quant/quantized_tensor.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace quant {

// A tensor of a file, by its index, and how it is to be quantized.
struct QuantizeJob {
    size_t tensor = 0;
    QuantizeOptions options;
};

// The same options for every one of the tensors.
std::vector<QuantizeJob> jobsFor(const std::vector<size_t>& tensors, const QuantizeOptions& options);

// What a user who names no tensors means: the analyzable tensors of two and more dimensions, which hold the
// weights. Biases and norms keep their precision. All analyzable tensors when none has two dimensions.
std::vector<size_t> weightTensors(const TensorFile& file);

// How the tensors of the jobs (at most one each; they must be analyzable) would be quantized: an entry for
// every tensor of the file. Writes nothing. `onTensor` is called with how many tensors are done, once per
// tensor. Throws InputError (unreadable data, a tensor that the metadata say is quantized already),
// std::invalid_argument (checkMethod).
std::vector<QuantizedTensor> findScales(Analyzer& analyzer, const TensorFile& file,
                                        const std::vector<QuantizeJob>& jobs,
                                        const std::function<void(size_t done, size_t total)>& onTensor);

// Quantizes the tensors of the jobs. An ONNX model under an output name that ends in .onnx stays a
// model: see quant/quantize_onnx.h. Otherwise a file is written, .npz, .npy or else safetensors by its name
// (makeTensorWriter), that holds every tensor of the input, wide types first:
// - fake: quantized tensors keep name, shape and dtype (F64 becomes F32); values are scale * element.
// - casts (tf32, fp16, bf16): values, as F32, F16 or BF16.
// - otherwise codes (NumberFormat::encode) under the tensor's name, as storageType() says. Codes of fewer
// than 8 bits
//   are packed end to end (CodePacker) into U8, whose shape is packedShape(); without isPacked each has a
//   byte. Beside them NAME.scale: F32; of MX formats F8_E8M0; of nvfp4 F8_E4M3,
//   with NAME.tensor_scale, F32 [1], to be multiplied in; none where the format fixes its scale. Shape [1],
//   [channels], or the tensor's with each extent replaced by the number of groups or blocks along it.
//   NAME.zero_point: of affine formats, of the codes' type and the scale's shape.
// The metadata keep the input's entries (.npz: this one alone; .npy: none); "clipscope.quantization"
// describes each quantized tensor in JSON. Where numpy lacks an array's type (hasNumpyType), the description
// of its tensor has "bits_of", an object that gives the type by the array's name; tensors that are copied
// have a description for that alone, with "stored" of "bits". The output appears whole or not at all.
// `onTensor` is called with how many tensors are done, twice per tensor. Throws as findScales does, and
// InputError (a name that the input already has or the output cannot hold, more than one array for .npy),
// OutputError.
std::vector<QuantizedTensor> quantizeFile(Analyzer& analyzer, const TensorFile& file,
                                          const std::vector<QuantizeJob>& jobs, const std::string& output,
                                          const std::function<void(size_t done, size_t total)>& onTensor);

}  // namespace quant
