#include "quant/quantize.h"

#include "quant/code_storage.h"
#include "quant/input_error.h"
#include "quant/npy_writer.h"
#include "quant/onnx.h"
#include "quant/quantize_onnx.h"
#include "quant/quantize_pass.h"
#include "quant/tensor_writer.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <unordered_set>

namespace quant {

namespace {

constexpr uint64_t copyBytes = uint64_t{4} << 20;

// Casts have values; everything else codes.
bool hasCodes(const NumberFormat& format) {
    return !(format.fixedScale() && format.spacing == Spacing::Float);
}

DType targetOf(const QuantizedTensor& tensor, const QuantizeOptions& options) {
    if (!tensor.isQuantized) return tensor.info.dtype;
    if (!options.isFake) return storageType(tensor.result.format);
    return tensor.info.dtype == DType::F64 ? DType::F32 : tensor.info.dtype;
}

bool arePacked(const QuantizedTensor& tensor, const QuantizeOptions& options) {
    return tensor.isQuantized && !options.isFake && options.isPacked && isPackable(tensor.result.format) &&
           !tensor.info.shape.empty();
}

TensorInfo described(std::string name, DType dtype, std::vector<uint64_t> shape) {
    // Of the extents of a tensor that exists: the counts cannot overflow.
    return *makeTensorInfo(std::move(name), dtype, std::move(shape));
}

TensorInfo storedInfo(const QuantizedTensor& tensor, const QuantizeOptions& options) {
    std::vector<uint64_t> shape = tensor.info.shape;
    if (arePacked(tensor, options)) shape.back() = packedRowBytes(shape.back(), tensor.result.format.bits);
    const bool isPackedType = arePacked(tensor, options);
    return described(tensor.info.name, isPackedType ? DType::U8 : tensor.storedAs, std::move(shape));
}

// What is stored beside a tensor's codes.
struct Companion {
    std::string suffix;
    DType dtype;
    std::vector<std::byte> bytes;
    bool isPerTensor = false;
};

template <class T>
void append(std::vector<std::byte>& bytes, T value) {
    const auto raw = std::as_bytes(std::span(&value, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
}

Companion scalesOf(const MethodResult& result, float tensorScale) {
    const NumberFormat& format = result.format;
    if (format.scaleRule == ScaleRule::E8M0) {
        Companion scales{".scale", DType::F8E8M0, {}};
        constexpr int bias = 127;
        // The elements of mxint8 are sixty-fourths.
        const int implied = format.spacing == Spacing::Uniform ? 6 : 0;
        for (const float scale : result.scale)
            append(scales.bytes,
                   static_cast<uint8_t>(std::clamp(std::ilogb(scale) + implied + bias, 0, 254)));
        return scales;
    }
    if (format.scaleRule == ScaleRule::E4M3) {
        static const NumberFormat e4m3 = numberFormatFrom("fp8-e4m3");
        Companion scales{".scale", DType::F8E4M3, {}};
        for (const float scale : result.scale) {
            const double relative = tensorScale > 0 ? double{scale} / double{tensorScale} : 0;
            append(scales.bytes, static_cast<uint8_t>(e4m3.encode(e4m3.quantize(relative))));
        }
        return scales;
    }
    Companion scales{".scale", DType::F32, {}};
    for (const float scale : result.scale) append(scales.bytes, scale);
    return scales;
}

Companion zeroPointsOf(const MethodResult& result) {
    Companion points{".zero_point", storageType(result.format), {}};
    for (const int32_t point : result.zeroPoint) {
        if (result.format.bits <= 8)
            append(points.bytes, static_cast<uint8_t>(point));
        else
            append(points.bytes, static_cast<uint16_t>(point));
    }
    return points;
}

std::vector<Companion> companionsOf(const QuantizedTensor& tensor, const QuantizeOptions& options) {
    std::vector<Companion> companions;
    const NumberFormat& format = tensor.result.format;
    if (!tensor.isQuantized || options.isFake || format.fixedScale()) return companions;
    const float tensorScale = nvfp4TensorScale(tensor.absmax);
    companions.push_back(scalesOf(tensor.result, tensorScale));
    if (format.scaleRule == ScaleRule::E4M3) {
        Companion& whole = companions.emplace_back(Companion{".tensor_scale", DType::F32, {}, true});
        append(whole.bytes, tensorScale);
    }
    if (format.isAffine) companions.push_back(zeroPointsOf(tensor.result));
    return companions;
}

TensorInfo companionInfo(const QuantizedTensor& tensor, const Companion& companion) {
    const auto shape =
        companion.isPerTensor ? std::vector<uint64_t>{1} : scaleShape(tensor.info, tensor.result.granularity);
    return described(tensor.info.name + companion.suffix, companion.dtype, shape);
}

void checkNames(const TensorFile& file, const std::vector<QuantizedTensor>& tensors,
                const QuantizeOptions& options) {
    std::unordered_set<std::string> names;
    for (const auto& info : file.tensors()) names.insert(info.name);
    for (const auto& tensor : tensors) {
        for (const Companion& companion : companionsOf(tensor, options)) {
            const std::string needed = tensor.info.name + companion.suffix;
            if (!names.contains(needed)) continue;
            throw InputError(file.path(), tensor.info.name,
                             "its scales need the name '" + needed + "', which the file already has");
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
    for (const char* suffix : {"", ".scale", ".tensor_scale", ".zero_point"}) {
        if (name == quantized + suffix) return true;
    }
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

nlohmann::ordered_json recordOf(const TensorFile& file, const std::vector<QuantizedTensor>& tensors,
                                const QuantizeOptions& options) {
    nlohmann::ordered_json described = recordedIn(file);
    for (const auto& tensor : tensors) {
        if (!tensor.isQuantized) continue;
        const NumberFormat& format = tensor.result.format;
        described[tensor.info.name] = {
            {"dtype", name(tensor.info.dtype)},
            {"shape", tensor.info.shape},
            {"stored", options.isFake || !hasCodes(format) ? "values" : "codes"},
            {"packed", arePacked(tensor, options)},
            {"format", format.name()},
            {"bits", format.bits},
            {"signed", format.isSigned},
            {"method", options.method.name()},
            {"granularity", tensor.result.granularity.name()},
            {"rounding", options.rounding.isStochastic ? "stochastic" : "nearest"}};
    }
    return described;
}

std::map<std::string, std::string> metadataOf(const TensorFile& file, const nlohmann::ordered_json& record) {
    auto metadata = file.metadata();
    metadata[quantizationMetadataKey] = record.dump();
    return metadata;
}

// One tensor of the output: a tensor of the input, or what stands beside one.
struct Entry {
    TensorInfo info;
    size_t index = 0;
    std::optional<Companion> companion;
};

// Wide types first, so that every tensor is aligned to its elements; otherwise in the input's order.
std::vector<Entry> entriesOf(const std::vector<QuantizedTensor>& tensors, const QuantizeOptions& options) {
    std::vector<Entry> entries;
    for (size_t i = 0; i < tensors.size(); ++i) {
        entries.push_back(
            {tensors[i].isQuantized ? storedInfo(tensors[i], options) : tensors[i].info, i, {}});
        for (Companion& companion : companionsOf(tensors[i], options)) {
            TensorInfo info = companionInfo(tensors[i], companion);
            entries.push_back({std::move(info), i, std::move(companion)});
        }
    }
    std::ranges::stable_sort(entries, std::greater(),
                             [](const Entry& entry) { return elementSizeBytes(entry.info.dtype); });
    return entries;
}

// Which arrays hold the bits of a type that numpy lacks.
void addBitsOf(nlohmann::ordered_json& record, const std::vector<QuantizedTensor>& tensors,
               const std::vector<Entry>& entries) {
    for (const auto& [info, i, companion] : entries) {
        if (hasNumpyType(info.dtype)) continue;
        auto& description = record[tensors[i].info.name];
        if (!tensors[i].isQuantized)
            description = {{"dtype", name(info.dtype)}, {"shape", info.shape}, {"stored", "bits"}};
        description["bits_of"][info.name] = name(info.dtype);
    }
}

void copyTensor(const TensorFile& file, size_t index, TensorWriter& writer) {
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
    const MethodResult& result = tensor.result;
    std::vector<ClippedGrid> grids;
    for (size_t i = 0; i < result.clip.size(); ++i)
        grids.push_back({result.format, result.clip[i], result.low.empty() ? 0.0f : result.low[i]});
    analyzer.stream().select(file, index);
    const SegmentLayout layout = layoutOf(tensor.info, result.granularity, file.path());
    CodePacker packer(result.format.bits, tensor.info.shape.empty() ? 1 : tensor.info.shape.back(), sink);
    analyzer.quantizePass().quantize(analyzer.stream(), layout, grids, tensor.storedAs, options.rounding,
                                     [&](std::span<const std::byte> bytes) {
                                         if (arePacked(tensor, options))
                                             packer.write(bytes);
                                         else
                                             sink(bytes);
                                     });
}

using OnTensor = std::function<void(size_t done, size_t total)>;

// `rounds` times the count of tensors are done in all.
std::vector<QuantizedTensor> clipTensors(Analyzer& analyzer, const TensorFile& file,
                                         const std::vector<size_t>& selected, const QuantizeOptions& options,
                                         size_t rounds, const OnTensor& onTensor) {
    const AnalysisOptions analysisOptions{
        .bits = {options.bits},
        .formats = options.format ? std::vector{*options.format} : std::vector<NumberFormat>(),
        .methods = {options.method},
        .granularity = options.granularity,
        .sign = options.sign,
        .metric = options.metric};
    const size_t count = file.tensors().size();
    std::vector<QuantizedTensor> tensors(count);
    for (const size_t i : selected) tensors.at(i).isQuantized = true;
    for (size_t i = 0; i < count; ++i) {
        tensors[i].info = file.tensors()[i];
        if (tensors[i].isQuantized) {
            TensorAnalysis analysis = analyzer.analyze(file, i, analysisOptions);
            tensors[i].notNumbers = analysis.profile.notNumbers();
            tensors[i].infinities = analysis.profile.infinities();
            tensors[i].absmax = analysis.profile.absmax();
            tensors[i].result = std::move(analysis.results.front());
        }
        tensors[i].storedAs = targetOf(tensors[i], options);
        onTensor(i + 1, rounds * count);
    }
    return tensors;
}

// What can be known before the work.
void checkArrays(const TensorFile& file, const QuantizeOptions& options, const std::string& output) {
    checkTensorOutput(output, file.path(), file.tensors());
    const NumberFormat format = options.format.value_or(integerFormat(options.bits, true));
    if (!output.ends_with(".npy") || options.isFake || format.fixedScale()) return;
    throw InputError(file.path(), "",
                     "makes codes and scales, but '" + printable(output, 200) +
                         "' can hold only one array: name the output .npz, or use --fake");
}

void requireReadable(const TensorFile& file) {
    for (const TensorInfo& info : file.tensors()) {
        if (!info.unreadable.empty())
            throw InputError(file.path(), info.name, "cannot be copied: " + info.unreadable);
    }
}

void writeTensors(Analyzer& analyzer, const TensorFile& file, const std::vector<QuantizedTensor>& tensors,
                  const QuantizeOptions& options, const std::string& output, const OnTensor& onTensor) {
    checkNames(file, tensors, options);
    const auto entries = entriesOf(tensors, options);
    std::vector<TensorInfo> infos;
    for (const Entry& entry : entries) infos.push_back(entry.info);
    auto record = recordOf(file, tensors, options);
    if (hasNumpyExtension(output)) addBitsOf(record, tensors, entries);
    const auto writer = makeTensorWriter(output, file.path(), infos, metadataOf(file, record));
    size_t written = tensors.size();
    for (const auto& [info, i, companion] : entries) {
        if (companion)
            writer->write(companion->bytes);
        else if (tensors[i].isQuantized)
            writeQuantized(analyzer, file, i, tensors[i], options,
                           [&](std::span<const std::byte> bytes) { writer->write(bytes); });
        else
            copyTensor(file, i, *writer);
        if (!companion) onTensor(++written, 2 * tensors.size());
    }
    writer->commit();
}

void writeModel(Analyzer& analyzer, const OnnxFile& model, std::vector<QuantizedTensor>& tensors,
                const QuantizeOptions& options, const std::string& output, const OnTensor& onTensor) {
    size_t written = tensors.size();
    writeOnnx(model, tensors, options, metadataOf(model, recordOf(model, tensors, options)), output,
              [&](size_t i, const ByteSink& sink) {
                  writeQuantized(analyzer, model, i, tensors[i], options, sink);
                  onTensor(++written, 2 * tensors.size());
              });
    onTensor(2 * tensors.size(), 2 * tensors.size());
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

std::vector<QuantizedTensor> findScales(Analyzer& analyzer, const TensorFile& file,
                                        const std::vector<size_t>& selected, const QuantizeOptions& options,
                                        const OnTensor& onTensor) {
    refuseQuantized(file, selected);
    return clipTensors(analyzer, file, selected, options, 1, onTensor);
}

std::vector<QuantizedTensor> quantizeFile(Analyzer& analyzer, const TensorFile& file,
                                          const std::vector<size_t>& selected, const QuantizeOptions& asked,
                                          const std::string& output, const OnTensor& onTensor) {
    const QuantizeOptions options = hasOnnxExtension(output) ? onnxOptions(asked) : asked;
    refuseQuantized(file, selected);
    const OnnxFile* model = onnxModelFor(file, selected, options, output);
    if (!model) requireReadable(file);
    if (!model) checkArrays(file, options, output);
    auto tensors = clipTensors(analyzer, file, selected, options, 2, onTensor);
    if (model)
        writeModel(analyzer, *model, tensors, options, output, onTensor);
    else
        writeTensors(analyzer, file, tensors, options, output, onTensor);
    return tensors;
}

}  // namespace quant
