#include "quant/quantize_onnx.h"

#include "quant/input_error.h"
#include "quant/onnx.h"
#include "quant/onnx_writer.h"

#include <nlohmann/json.hpp>

#include <cstring>

namespace quant {
namespace {

OnnxReplacement replacementOf(size_t index, const QuantizedTensor& tensor) {
    if (tensor.options.isFake) return {index, {}};
    const Granularity& granularity = tensor.result.granularity;
    OnnxLevels levels{.bits = tensor.result.format.bits,
                      .isSigned = tensor.result.format.isSigned,
                      .kind = granularity.kind,
                      .axis = granularity.axis,
                      .groupSize = granularity.groupSize,
                      .scales = tensor.result.scale,
                      .zeroPoints = tensor.result.zeroPoint};
    const size_t dimensions = tensor.info.shape.size();
    // One group of a vector is the vector; ONNX Runtime takes no blocks of one scale there.
    const bool isWhole = dimensions == 1 && levels.scales.size() == 1;
    if (dimensions == 0 || isWhole) levels.kind = Granularity::Kind::Tensor;
    if (levels.kind == Granularity::Kind::Group)
        levels.axis = granularity.groupAxis.value_or(static_cast<uint32_t>(dimensions - 1));
    return {index, std::move(levels)};
}

// Tensors without elements have nothing to replace.
std::vector<OnnxReplacement> replacementsOf(const std::vector<QuantizedTensor>& tensors) {
    std::vector<OnnxReplacement> replacements;
    for (size_t i = 0; i < tensors.size(); ++i) {
        if (tensors[i].isQuantized && tensors[i].info.elements > 0)
            replacements.push_back(replacementOf(i, tensors[i]));
    }
    return replacements;
}

// F32 as F64; pieces hold whole elements.
ByteSink widening(const ByteSink& sink) {
    return [&sink](std::span<const std::byte> bytes) {
        std::vector<float> narrow(bytes.size() / sizeof(float));
        std::memcpy(narrow.data(), bytes.data(), bytes.size());
        const std::vector<double> wide(narrow.begin(), narrow.end());
        sink(std::as_bytes(std::span(wide)));
    };
}

// Which tensors of the output belong to a quantized one.
std::string withNames(const std::string& record, const std::vector<QuantizedTensor>& tensors,
                      const std::vector<OnnxReplacement>& replacements, const OnnxWriter& writer) {
    auto described = nlohmann::ordered_json::parse(record);
    for (size_t i = 0; i < replacements.size(); ++i) {
        auto& entry = described[tensors[replacements[i].tensor].info.name];
        const OnnxPartNames& names = writer.namesOf(i);
        if (!names.levels.empty()) entry["parts"] = {names.levels, names.scale};
        if (!names.zeroPoint.empty()) entry["parts"].push_back(names.zeroPoint);
    }
    return described.dump();
}

}  // namespace

QuantizeOptions onnxOptions(QuantizeOptions options) {
    const NumberFormat format = options.format.value_or(integerFormat(options.bits, true));
    const bool hasLevels = format.spacing == Spacing::Uniform && !format.isBlockScaled() &&
                           options.granularity.kind != Granularity::Kind::Block;
    options.isFake = options.isFake || !hasLevels;
    options.isPacked = false;
    return options;
}

const OnnxFile* onnxModelFor(const TensorFile& file, const std::vector<QuantizeJob>& jobs,
                             const std::string& output) {
    if (!hasOnnxExtension(output)) return nullptr;
    const auto* model = dynamic_cast<const OnnxFile*>(&file);
    if (!model) {
        throw InputError(file.path(), "",
                         "is no ONNX model, so '" + output + "' cannot be one: name the output .safetensors");
    }
    for (const QuantizeJob& job : jobs) checkOnnxReplacement(*model, job.tensor, !job.options.isFake);
    return model;
}

void writeOnnx(const OnnxFile& model, std::vector<QuantizedTensor>& tensors,
               const std::map<std::string, std::string>& metadata, const std::string& output,
               const std::function<void(size_t tensor, const ByteSink& sink)>& produce) {
    const auto replacements = replacementsOf(tensors);
    OnnxWriter writer(model, output, replacements);
    for (const auto& [key, value] : metadata) {
        const bool isRecord = key == quantizationMetadataKey;
        writer.setMetadata(key, isRecord ? withNames(value, tensors, replacements, writer) : value);
    }
    const ByteSink sink = [&](std::span<const std::byte> bytes) { writer.write(bytes); };
    size_t written = 0;
    for (const OnnxReplacement& replacement : replacements) {
        QuantizedTensor& tensor = tensors[replacement.tensor];
        const bool isWidened = tensor.options.isFake && tensor.info.dtype == DType::F64;
        produce(replacement.tensor, isWidened ? widening(sink) : sink);
        if (isWidened) tensor.storedAs = DType::F64;
        tensor.modelType = writer.namesOf(written++).levelType;
    }
    writer.commit();
}

}  // namespace quant
