#pragma once

#include "quant/tensor_file.h"

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quant {

// A file of tensors being written: they are announced when it is made, then their data is appended in that
// order. The file appears under its name at commit() alone.
class TensorWriter {
public:
    TensorWriter() = default;
    virtual ~TensorWriter() = default;
    TensorWriter(TensorWriter&&) = default;
    TensorWriter& operator=(TensorWriter&&) = default;

    // Appends data, in pieces of any size. Throws OutputError, also beyond the announced size.
    virtual void write(std::span<const std::byte> bytes) = 0;

    // Completes the file. Throws OutputError, also when data is missing.
    virtual void commit() = 0;
};

// Whether the name is that of an output in numpy's formats: ".npz" or ".npy".
bool hasNumpyExtension(std::string_view output);

// Throws InputError, naming `source`, what the tensors come from: more or less than one tensor for ".npy", a
// name that ".npz" cannot hold (checkNpzNames).
void checkTensorOutput(const std::string& output, const std::string& source,
                       const std::vector<TensorInfo>& tensors);

// The writer that the output's extension asks for: ".npz" (NpzWriter), ".npy" (NpyWriter, without metadata),
// or else SafetensorsWriter. Throws InputError (see checkTensorOutput), OutputError.
std::unique_ptr<TensorWriter> makeTensorWriter(const std::string& output, const std::string& source,
                                               const std::vector<TensorInfo>& tensors,
                                               const std::map<std::string, std::string>& metadata);

}  // namespace quant
