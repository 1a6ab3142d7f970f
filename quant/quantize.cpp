#include "quant/quantize.h"

#include "quant/code_storage.h"
#include "quant/comparison.h"
#include "quant/input_error.h"
#include "quant/npy_writer.h"
#include "quant/onnx.h"
#include "quant/quantization_record.h"
#include "quant/quantize_onnx.h"
#include "quant/quantize_pass.h"
#include "quant/rounding_error.h"
#include "quant/scale_tensors.h"
#include "quant/tensor_writer.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_set>
#include <utility>

namespace quant {

namespace {

constexpr uint64_t copyBytes = uint64_t{4} << 20;

using OnTensor = std::function<void(size_t done, size_t total)>;

void checkNames(const TensorFile& file, const std::vector<QuantizedTensor>& tensors) {
    std::unordered_set<std::string> names;
    for (const auto& info : file.tensors()) names.insert(info.name);
    for (const auto& tensor : tensors) {
        for (const ScaleTensor& scales : scaleTensorsOf(tensor)) {
            if (!names.contains(scales.info.name)) continue;
            throw InputError(
                file.path(), tensor.info.name,
                "its scales need the name '" + scales.info.name + "', which the file already has");
        }
    }
}

// One tensor of the output: tensor `index` of the input, or scales that stand beside it.
struct Entry {
    TensorInfo info;
    size_t index = 0;
    std::optional<ScaleTensor> scales;
};

// Wide types first, so that every tensor is aligned to its elements; otherwise in the input's order.
std::vector<Entry> entriesOf(const std::vector<QuantizedTensor>& tensors) {
    std::vector<Entry> entries;
    for (size_t i = 0; i < tensors.size(); ++i) {
        entries.push_back({storedInfo(tensors[i]), i, {}});
        for (ScaleTensor& scales : scaleTensorsOf(tensors[i])) {
            TensorInfo info = scales.info;
            entries.push_back({std::move(info), i, std::move(scales)});
        }
    }
    std::ranges::stable_sort(entries, std::greater(),
                             [](const Entry& entry) { return elementSizeBytes(entry.info.dtype); });
    return entries;
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
                    const ByteSink& sink) {
    const MethodResult& result = tensor.result;
    analyzer.stream().select(file, index);
    const SegmentLayout layout = layoutOf(tensor.info, result.granularity, file.path());
    CodePacker packer(result.format.bits, tensor.info.elements, sink);
    analyzer.quantizePass().quantize(analyzer.stream(), layout, gridsOf(result), tensor.storedAs,
                                     tensor.options.rounding, [&](std::span<const std::byte> bytes) {
                                         if (tensor.isPacked())
                                             packer.write(bytes);
                                         else
                                             sink(bytes);
                                     });
}

AnalysisOptions analysisOptions(const QuantizeOptions& options) {
    return {.bits = {options.bits},
            .formats = options.format ? std::vector{*options.format} : std::vector<NumberFormat>(),
            .methods = {options.method},
            .granularity = options.granularity,
            .sign = options.sign,
            .metric = options.metric};
}

// What the analysis could do, but the quantizer cannot.
void checkLayout(const TensorFile& file, size_t tensor, const QuantizeOptions& options) {
    const TensorInfo& info = file.tensors().at(tensor);
    const Granularity granularity =
        options.format ? granularityOf(*options.format, options.granularity) : options.granularity;
    if (QuantizePass::takes(layoutOf(info, granularity, file.path()))) return;
    throw InputError(
        file.path(), info.name,
        "is too large to be quantized by " + granularity.name() + " (2^31 elements between repetitions)");
}

// `rounds` times the count of tensors are done in all.
std::vector<QuantizedTensor> clipTensors(Analyzer& analyzer, const TensorFile& file,
                                         const std::vector<QuantizeJob>& jobs, size_t rounds,
                                         const OnTensor& onTensor) {
    const size_t count = file.tensors().size();
    std::vector<QuantizedTensor> tensors(count);
    for (const auto& [tensor, options] : jobs) {
        checkLayout(file, tensor, options);
        tensors.at(tensor).isQuantized = true;
        tensors.at(tensor).options = options;
    }
    for (size_t i = 0; i < count; ++i) {
        tensors[i].info = file.tensors()[i];
        if (tensors[i].isQuantized) {
            TensorAnalysis analysis = analyzer.analyze(file, i, analysisOptions(tensors[i].options));
            tensors[i].notNumbers = analysis.profile.notNumbers();
            tensors[i].infinities = analysis.profile.infinities();
            tensors[i].finite = analysis.profile.finite();
            tensors[i].hasNegative = analysis.profile.hasNegative();
            tensors[i].absmax = analysis.profile.absmax();
            tensors[i].energy = energyOf(analysis);
            tensors[i].result = std::move(analysis.results.front());
        }
        tensors[i].storedAs = outputType(tensors[i]);
        if (hasRoundingError(tensors[i])) measureRounding(analyzer, file, i, tensors[i]);
        onTensor(i + 1, rounds * count);
    }
    return tensors;
}

bool hasScales(const QuantizeOptions& options) {
    return !options.isFake && !options.format.value_or(integerFormat(options.bits, true)).fixedScale();
}

// What can be known before the work.
void checkArrays(const TensorFile& file, const std::vector<QuantizeJob>& jobs, const std::string& output) {
    checkTensorOutput(output, file.path(), file.tensors());
    const bool isOneArray =
        std::ranges::none_of(jobs, [](const QuantizeJob& job) { return hasScales(job.options); });
    if (!output.ends_with(".npy") || isOneArray) return;
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
                  const std::string& output, const OnTensor& onTensor) {
    checkNames(file, tensors);
    const auto entries = entriesOf(tensors);
    std::vector<TensorInfo> infos;
    for (const Entry& entry : entries) infos.push_back(entry.info);
    QuantizationRecord record = recordOf(file, tensors);
    if (hasNumpyExtension(output)) {
        for (const Entry& entry : entries) addNumpyBits(record, tensors[entry.index], entry.info);
    }
    const auto writer = makeTensorWriter(output, file.path(), infos, metadataWith(file, record));
    size_t written = tensors.size();
    for (const auto& [info, i, scales] : entries) {
        if (scales) {
            writer->write(scales->bytes);
            continue;
        }
        if (tensors[i].isQuantized)
            writeQuantized(analyzer, file, i, tensors[i],
                           [&](std::span<const std::byte> bytes) { writer->write(bytes); });
        else
            copyTensor(file, i, *writer);
        onTensor(++written, 2 * tensors.size());
    }
    writer->commit();
}

void writeModel(Analyzer& analyzer, const OnnxFile& model, std::vector<QuantizedTensor>& tensors,
                const std::string& output, const OnTensor& onTensor) {
    size_t written = tensors.size();
    writeOnnx(model, tensors, metadataWith(model, recordOf(model, tensors)), output,
              [&](size_t i, const ByteSink& sink) {
                  writeQuantized(analyzer, model, i, tensors[i], sink);
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

std::vector<QuantizeJob> jobsFor(const std::vector<size_t>& tensors, const QuantizeOptions& options) {
    std::vector<QuantizeJob> jobs;
    for (const size_t tensor : tensors) jobs.push_back({tensor, options});
    return jobs;
}

std::vector<QuantizedTensor> findScales(Analyzer& analyzer, const TensorFile& file,
                                        const std::vector<QuantizeJob>& jobs, const OnTensor& onTensor) {
    refuseQuantized(file, jobs);
    return clipTensors(analyzer, file, jobs, 1, onTensor);
}

std::vector<QuantizedTensor> quantizeFile(Analyzer& analyzer, const TensorFile& file,
                                          const std::vector<QuantizeJob>& asked, const std::string& output,
                                          const OnTensor& onTensor) {
    std::vector<QuantizeJob> jobs = asked;
    if (hasOnnxExtension(output)) {
        for (QuantizeJob& job : jobs) job.options = onnxOptions(job.options);
    }
    refuseQuantized(file, jobs);
    const OnnxFile* model = onnxModelFor(file, jobs, output);
    if (!model) requireReadable(file);
    if (!model) checkArrays(file, jobs, output);
    auto tensors = clipTensors(analyzer, file, jobs, 2, onTensor);
    if (model)
        writeModel(analyzer, *model, tensors, output, onTensor);
    else
        writeTensors(analyzer, file, tensors, output, onTensor);
    return tensors;
}

}  // namespace quant
