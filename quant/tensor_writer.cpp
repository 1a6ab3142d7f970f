#include "quant/tensor_writer.h"

#include "quant/input_error.h"
#include "quant/npy_writer.h"
#include "quant/npz_writer.h"
#include "quant/safetensors_writer.h"

#include <format>

namespace quant {
namespace {

bool isNpz(std::string_view output) {
    return output.ends_with(".npz");
}

bool isNpy(std::string_view output) {
    return output.ends_with(".npy");
}

void requireOne(const std::string& output, const std::string& source, size_t arrays) {
    if (arrays == 1) return;
    throw InputError(source, "",
                     std::format("makes {} arrays, but '{}' can hold only one: name the output .npz", arrays,
                                 printable(output, 200)));
}

}  // namespace

bool hasNumpyExtension(std::string_view output) {
    return isNpz(output) || isNpy(output);
}

void checkTensorOutput(const std::string& output, const std::string& source,
                       const std::vector<TensorInfo>& tensors) {
    if (isNpz(output)) checkNpzNames(source, tensors);
    if (isNpy(output)) requireOne(output, source, tensors.size());
}

std::unique_ptr<TensorWriter> makeTensorWriter(const std::string& output, const std::string& source,
                                               const std::vector<TensorInfo>& tensors,
                                               const std::map<std::string, std::string>& metadata) {
    if (isNpz(output)) return std::make_unique<NpzWriter>(output, source, tensors, metadata);
    if (!isNpy(output)) return std::make_unique<SafetensorsWriter>(output, tensors, metadata);
    requireOne(output, source, tensors.size());
    return std::make_unique<NpyWriter>(output, tensors.front());
}

}  // namespace quant
