#include "quant/quantize.h"

#include "quant/input_error.h"
#include "quant/quantize_onnx.h"
#include "quant/quantize_pass.h"
#include "quant/safetensors_writer.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <unordered_set>

namespace quant {

namespace {

constexpr uint64_t copyBytes = uint64_t{4} << 20;

DType integerType(uint32_t bits, bool isSigned) {
    if (bits <= 8) return isSigned ? DType::I8 : DType::U8;
    return isSigned ? DType::I16 : DType::U16;
}

DType targetOf(const QuantizedTensor& tensor, const QuantizeOptions& options) {
    if (!tensor.isQuantized) return tensor.info.dtype;
    if (!options.isFake) return integerType(options.bits, tensor.result.isSigned);
    return tensor.info.dtype == DType::F64 ? DType::F32 : tensor.info.dtype;
}

TensorInfo retyped(const TensorInfo& info, DType dtype) {
    TensorInfo result = info;
    result.dtype = dtype;
    if (dtype != info.dtype) result.sizeBytes = info.elements * elementSizeBytes(dtype);
    return result;
}

TensorInfo scaleInfo(const QuantizedTensor& tensor, const Granularity& granularity) {
    TensorInfo info;
    info.name = tensor.info.name + ".scale";
    info.elements = tensor.result.scale.size();
    info.sizeBytes = info.elements * sizeof(float);
    info.shape = {info.elements};
    if (granularity.kind == Granularity::Kind::Group && !tensor.info.shape.empty() &&
        tensor.info.shape.back() > 0) {
        info.shape = tensor.info.shape;
        info.shape.back() = (info.shape.back() + granularity.groupSize - 1) / granularity.groupSize;
    }
    return info;
}

void checkNames(const TensorFile& file, const std::vector<QuantizedTensor>& tensors) {
    std::unordered_set<std::string> names;
    for (const auto& info : file.tensors()) names.insert(info.name);
    for (const auto& tensor : tensors) {
        const std::string scale = tensor.info.name + ".scale";
        if (tensor.isQuantized && names.contains(scale)) {
            throw InputError(file.path(), tensor.info.name,
                             "its scales need the name '" + scale + "', which the file already has");
        }
    }
}

// What an earlier run wrote about the tensors of this file; empty when there is nothing.
nlohmann::ordered_json recordedIn(const TensorFile& file) {
    const auto entry = file.metadata().find(quantizationMetadataKey);
    if (entry == file.metadata().end()) return nlohmann::ordered_json::object();
    auto recorded = nlohmann::ordered_json::parse(entry->second, nullptr, false);
    if (!recorded.is_object())
        throw InputError(file.path(), "",
                         "its metadata '" + std::string(quantizationMetadataKey) + "' are no JSON object");
    return recorded;
}

// Whether a tensor holds the values, levels or scales of one that a record describes.
bool belongsTo(const std::string& name, const std::string& quantized,
               const nlohmann::ordered_json& description) {
    if (name == quantized || name == quantized + ".scale") return true;
    if (!description.is_object() || !description.contains("parts")) return false;
    return std::ranges::contains(description["parts"], nlohmann::ordered_json(name));
}

// Levels without their own scales, or scales that are quantized in turn, could not be read any more.
void refuseQuantized(const TensorFile& file, const std::vector<size_t>& selected) {
    const auto recorded = recordedIn(file);
    for (const size_t i : selected) {
        const std::string& name = file.tensors()[i].name;
        for (const auto& [quantized, description] : recorded.items()) {
            if (!belongsTo(name, quantized, description)) continue;
            throw InputError(file.path(), name,
                             "belongs to a tensor that is quantized already; begin with the original file");
        }
    }
}

std::map<std::string, std::string> metadataOf(const TensorFile& file,
                                              const std::vector<QuantizedTensor>& tensors,
                                              const QuantizeOptions& options) {
    nlohmann::ordered_json described = recordedIn(file);
    for (const auto& tensor : tensors) {
        if (!tensor.isQuantized) continue;
        described[tensor.info.name] = {{"dtype", name(tensor.info.dtype)},
                                       {"stored", options.isFake ? "values" : "levels"},
                                       {"format", "int"},
                                       {"bits", options.bits},
                                       {"signed", tensor.result.isSigned},
                                       {"range", tensor.result.isSigned ? "narrow" : "full"},
                                       {"method", options.method.name()},
                                       {"granularity", options.granularity.name()}};
    }
    auto metadata = file.metadata();
    metadata[quantizationMetadataKey] = described.dump();
    return metadata;
}

// One tensor of the output: a tensor of the input, or its scales.
struct Entry {
    TensorInfo info;
    size_t index = 0;
    bool isScale = false;
};

// Wide types first, so that every tensor is aligned to its elements; otherwise in the input's order.
std::vector<Entry> entriesOf(const std::vector<QuantizedTensor>& tensors, const QuantizeOptions& options) {
    std::vector<Entry> entries;
    for (size_t i = 0; i < tensors.size(); ++i) {
        entries.push_back({retyped(tensors[i].info, tensors[i].storedAs), i, false});
        if (tensors[i].isQuantized && !options.isFake)
            entries.push_back({scaleInfo(tensors[i], options.granularity), i, true});
    }
    std::ranges::stable_sort(entries, std::greater(),
                             [](const Entry& entry) { return elementSizeBytes(entry.info.dtype); });
    return entries;
}

void copyTensor(const TensorFile& file, size_t index, SafetensorsWriter& writer) {
    std::vector<std::byte> bytes;
    const uint64_t size = file.tensors()[index].sizeBytes;
    for (uint64_t offset = 0; offset < size; offset += copyBytes) {
        bytes.resize(std::min(copyBytes, size - offset));
        file.read(index, offset, bytes);
        writer.write(bytes);
    }
}

void writeQuantized(Analyzer& analyzer, const TensorFile& file, size_t index, const QuantizedTensor& tensor,
                    const QuantizeOptions& options, const ByteSink& sink) {
    std::vector<ClippedGrid> grids;
    for (const float clip : tensor.result.clip)
        grids.push_back({{options.bits, tensor.result.isSigned}, clip});
    analyzer.stream().select(file, index);
    const SegmentLayout layout = layoutOf(tensor.info, options.granularity, file.path());
    analyzer.quantizePass().quantize(analyzer.stream(), layout, grids, tensor.storedAs, sink);
}

}  // namespace

std::vector<size_t> weightTensors(const TensorFile& file) {
    std::vector<size_t> weights, all;
    for (size_t i = 0; i < file.tensors().size(); ++i) {
        const TensorInfo& info = file.tensors()[i];
        if (!isAnalyzable(info.dtype)) continue;
        all.push_back(i);
        if (info.shape.size() >= 2) weights.push_back(i);
    }
    return weights.empty() ? all : weights;
}

std::vector<QuantizedTensor> quantizeFile(Analyzer& analyzer, const TensorFile& file,
                                          const std::vector<size_t>& selected, const QuantizeOptions& options,
                                          const std::string& output,
                                          const std::function<void(size_t done, size_t total)>& onTensor) {
    const AnalysisOptions analysisOptions{.bits = {options.bits},
                                          .methods = {options.method},
                                          .granularity = options.granularity,
                                          .sign = options.sign};
    refuseQuantized(file, selected);
    const OnnxFile* model = onnxModelFor(file, selected, options, output);
    const size_t count = file.tensors().size();
    std::vector<QuantizedTensor> tensors(count);
    std::vector<bool> isSelected(count);
    for (const size_t i : selected) isSelected.at(i) = true;
    for (size_t i = 0; i < count; ++i) {
        tensors[i].info = file.tensors()[i];
        tensors[i].isQuantized = isSelected[i];
        if (tensors[i].isQuantized) {
            TensorAnalysis analysis = analyzer.analyze(file, i, analysisOptions);
            tensors[i].notNumbers = analysis.profile.notNumbers();
            tensors[i].infinities = analysis.profile.infinities();
            tensors[i].result = std::move(analysis.results.front());
        }
        tensors[i].storedAs = targetOf(tensors[i], options);
        onTensor(i + 1, 2 * count);
    }
    size_t written = 0;
    if (model) {
        writeOnnx(*model, tensors, options, metadataOf(file, tensors, options), output,
                  [&](size_t i, const ByteSink& sink) {
                      writeQuantized(analyzer, file, i, tensors[i], options, sink);
                      onTensor(count + ++written, 2 * count);
                  });
        onTensor(2 * count, 2 * count);
        return tensors;
    }
    for (const TensorInfo& info : file.tensors()) {
        if (!info.unreadable.empty())
            throw InputError(file.path(), info.name, "cannot be copied: " + info.unreadable);
    }
    if (!options.isFake) checkNames(file, tensors);
    const auto entries = entriesOf(tensors, options);
    std::vector<TensorInfo> infos;
    for (const Entry& entry : entries) infos.push_back(entry.info);
    SafetensorsWriter writer(output, infos, metadataOf(file, tensors, options));
    for (const auto& [info, i, isScale] : entries) {
        if (isScale)
            writer.write(std::as_bytes(std::span(tensors[i].result.scale)));
        else if (tensors[i].isQuantized)
            writeQuantized(analyzer, file, i, tensors[i], options,
                           [&](std::span<const std::byte> bytes) { writer.write(bytes); });
        else
            copyTensor(file, i, writer);
        if (!isScale) onTensor(count + ++written, 2 * count);
    }
    writer.commit();
    return tensors;
}

}  // namespace quant
