#include "quant/quantization_record.h"

#include "quant/input_error.h"
#include "quant/npy_writer.h"
#include "quant/quantization_key.h"

#include <string>
#include <unordered_set>

namespace quant {

namespace {

// What an earlier run wrote about the tensors of this file; empty when there is nothing.
QuantizationRecord recordedIn(const TensorFile& file) {
    const auto entry = file.metadata().find(quantizationMetadataKey);
    if (entry == file.metadata().end()) return QuantizationRecord::object();
    return parseRecord(file.path(), entry->second);
}

// The tensors that hold the values, levels or scales of those that a record describes.
std::unordered_set<std::string> partsOf(const QuantizationRecord& record) {
    std::unordered_set<std::string> parts;
    for (const auto& [quantized, description] : record.items()) {
        for (const char* suffix : {"", ".scale", ".tensor_scale", ".zero_point"})
            parts.insert(quantized + suffix);
        if (!description.is_object() || !description.contains("parts")) continue;
        for (const auto& part : description["parts"]) {
            if (part.is_string()) parts.insert(part.get<std::string>());
        }
    }
    return parts;
}

}  // namespace

void refuseQuantized(const TensorFile& file, const std::vector<QuantizeJob>& jobs) {
    const auto parts = partsOf(recordedIn(file));
    for (const QuantizeJob& job : jobs) {
        const std::string& name = file.tensors()[job.tensor].name;
        if (!parts.contains(name)) continue;
        throw InputError(file.path(), name,
                         "belongs to a tensor that is quantized already; begin with the original file");
    }
}

QuantizationRecord recordOf(const TensorFile& file, const std::vector<QuantizedTensor>& tensors) {
    QuantizationRecord record = recordedIn(file);
    for (const auto& tensor : tensors) {
        if (!tensor.isQuantized) continue;
        const NumberFormat& format = tensor.result.format;
        const QuantizeOptions& options = tensor.options;
        record[tensor.info.name] = {{"dtype", name(tensor.info.dtype)},
                                    {"shape", tensor.info.shape},
                                    {"stored", options.isFake || !hasCodes(format) ? "values" : "codes"},
                                    {"packed", tensor.isPacked()},
                                    {"format", format.name()},
                                    {"bits", format.bits},
                                    {"signed", format.isSigned},
                                    {"method", options.method.name()},
                                    {"granularity", tensor.result.granularity.name()},
                                    {"rounding", options.rounding.name()}};
    }
    return record;
}

void addNumpyBits(QuantizationRecord& record, const QuantizedTensor& tensor, const TensorInfo& written) {
    if (hasNumpyType(written.dtype)) return;
    const TensorInfo& info = tensor.info;
    auto& description = record[info.name];
    // A copied tensor may have a description from an earlier run.
    if (!description.is_object())
        description = {{"dtype", name(info.dtype)}, {"shape", info.shape}, {"stored", "bits"}};
    description["bits_of"][written.name] = name(written.dtype);
}

std::map<std::string, std::string> metadataWith(const TensorFile& file, const QuantizationRecord& record) {
    auto metadata = file.metadata();
    metadata[quantizationMetadataKey] = record.dump();
    return metadata;
}

}  // namespace quant
