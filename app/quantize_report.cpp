#include "app/quantize_report.h"

#include "app/clip_range.h"
#include "app/messages.h"
#include "app/number_text.h"
#include "app/text_table.h"
#include "quant/input_error.h"
#include "quant/scale_tensors.h"

#include <cmath>
#include <filesystem>
#include <set>

namespace app {

namespace {

using quant::QuantizedTensor;

std::string clipText(const std::vector<float>& clips, int digits) {
    const ClipRange range = clipRange(clips);
    if (range.min == range.max) return significant(range.min, digits);
    return significant(range.min, digits) + "…" + significant(range.max, digits);
}

TextTable rowsOf(const std::vector<QuantizedTensor>& tensors) {
    constexpr int digits = 4;
    TextTable table({Align::Left, Align::Left, Align::Left, Align::Left, Align::Right, Align::Right});
    std::vector<Cell> head = {{"tensor"}, {"type"}, {"format"}, {"stored as"}, {"clip"}, {"SQNR"}};
    for (Cell& cell : head) cell.style = Style::Faint;
    table.addRow(head);
    for (const QuantizedTensor& tensor : tensors) {
        if (!tensor.isQuantized) continue;
        const quant::TensorInfo& info = tensor.info;
        const quant::MethodResult& result = tensor.result;
        table.addRow({{quant::printable(info.name, 200)},
                      {std::string(quant::name(info.dtype)) + " " + shapeText(info.shape), Style::Faint},
                      {result.format.name()},
                      {tensor.storedName()},
                      {clipText(result.clip, digits), Style::Strong},
                      {sqnrText(result.sqnrDb, result.mse, tensor.finite)}});
    }
    return table;
}

// Bits per element of the quantized tensors in a file of tensors: codes or values, and scales.
double bitsPerElement(const std::vector<QuantizedTensor>& tensors) {
    double bits = 0, elements = 0;
    for (const QuantizedTensor& tensor : tensors) {
        if (!tensor.isQuantized) continue;
        bits += 8 * static_cast<double>(quant::storedInfo(tensor).sizeBytes);
        for (const auto& scales : quant::scaleTensorsOf(tensor))
            bits += 8 * static_cast<double>(scales.bytes.size());
        elements += static_cast<double>(tensor.info.elements);
    }
    return elements > 0 ? bits / elements : 0;
}

std::string togetherText(const std::vector<QuantizedTensor>& tensors) {
    uint64_t quantized = 0, finite = 0;
    double energy = 0, squared = 0;
    for (const QuantizedTensor& tensor : tensors) {
        if (!tensor.isQuantized) continue;
        ++quantized;
        finite += tensor.finite;
        energy += tensor.energy;
        squared += tensor.result.mse * static_cast<double>(tensor.finite);
    }
    std::optional<double> sqnr;
    if (energy > 0 && squared > 0) sqnr = 10 * std::log10(energy / squared);
    const uint64_t copied = tensors.size() - quantized;
    std::string text = counted(quantized, "tensor") + " quantized, SQNR " + sqnrText(sqnr, squared, finite) +
                       (sqnr ? " dB" : "") + " together";
    if (copied > 0)
        text += "; " + std::to_string(copied) + " copied as " + (copied == 1 ? "it was" : "they were");
    return text + "\n";
}

std::string sizesText(const quant::TensorFile& file, const std::vector<QuantizedTensor>& tensors,
                      const std::string& output) {
    std::error_code unknown;
    uint64_t bytes = std::filesystem::file_size(output, unknown);
    if (unknown) return "";
    const uint64_t beside = std::filesystem::file_size(output + ".data", unknown);
    const bool isModel = output.ends_with(".onnx");
    if (!unknown && isModel) bytes += beside;
    std::string text =
        quant::printable(output, 200) + ": " + sizeText(bytes) + ", from " + sizeText(file.fileSizeBytes());
    if (!isModel)
        text += "; " + fixedPoint(bitsPerElement(tensors), 2) + " bits per quantized element, with scales";
    return text + "\n";
}

void warn(const std::string& path, const std::string& tensor, const std::string& problem) {
    printMessage("warning", quant::InputError(path, tensor, problem).what());
}

}  // namespace

std::string quantizeTable(const quant::TensorFile& file, const std::vector<QuantizedTensor>& tensors,
                          const std::string& output, std::optional<size_t> width, bool hasColour) {
    std::string text = rowsOf(tensors).render({width, 1, hasColour}) + "\nSQNR: dB\n" + togetherText(tensors);
    if (!output.empty()) text += sizesText(file, tensors, output);
    return text;
}

void warnOfLosses(const std::string& path, const std::vector<QuantizedTensor>& tensors, bool isFakeAsked) {
    std::set<std::string> asValues;
    for (const QuantizedTensor& tensor : tensors) {
        if (!tensor.isQuantized) continue;
        const quant::NumberFormat& format = tensor.result.format;
        if (tensor.notNumbers + tensor.infinities > 0) {
            warn(path, tensor.info.name,
                 std::to_string(tensor.notNumbers) + " NaN and " + std::to_string(tensor.infinities) +
                     " Inf: NaN has no level (0 is stored, or NaN with --fake), Inf is clipped");
        }
        if (tensor.hasNegative && !format.isSigned && !format.isAffine) {
            warn(path, tensor.info.name,
                 "has negative values, which become 0 in " + format.name() + "; " + format.name().substr(1) +
                     " holds them");
        }
        if (tensor.options.isFake && !isFakeAsked) asValues.insert(format.name());
    }
    for (const std::string& format : asValues) {
        printMessage("warning",
                     quant::printable(path, 200) + ": an ONNX model holds " + format +
                         " as values of the tensors' own type, rounded to the grid: it gets no smaller");
    }
}

}  // namespace app
