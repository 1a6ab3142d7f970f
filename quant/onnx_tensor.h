#pragma once

#include "quant/tensor_file.h"

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace quant {

// Where a TensorProto keeps its elements.
struct OnnxStorage {
    enum class Field { None, Raw, Float, Double, Int32, Int64, Uint64, External };
    Field field = Field::None;  // None: the tensor has no elements
    std::string location;       // External: the file, relative to the model's folder
    uint64_t offset = 0;        // External: where the data begins there
};

// Name, dtype and shape of a tensor; `file` is for messages. A tensor of a type without a dtype here
// (strings, 4-bit integers) becomes unreadable, and so does one of a type that the schema does not know.
// Throws InputError naming the field: no type, a negative or huge extent, too many of them.
TensorInfo onnxTensorInfo(const std::string& file, const std::string& name, const onnx::TensorProto& tensor);

// A sparse tensor, which is always unreadable. Throws the same.
TensorInfo onnxTensorInfo(const std::string& file, const std::string& name,
                          const onnx::SparseTensorProto& tensor);

// Checks that exactly one field holds the data of a tensor, that of its dtype, with as many elements as the
// shape says, each within the dtype's range; of external data what can be told without the file. Throws
// InputError.
OnnxStorage onnxStorage(const std::string& file, const TensorInfo& info, const onnx::TensorProto& tensor);

// Copies bytes of a tensor's row-major, little-endian data; the range as for TensorFile::read. Not for
// external data.
void copyOnnxData(const onnx::TensorProto& tensor, const TensorInfo& info, OnnxStorage::Field field,
                  uint64_t offset, std::span<std::byte> bytes);

// Removes a tensor's data, wherever it lies.
void clearOnnxData(onnx::TensorProto& tensor);

}  // namespace quant
