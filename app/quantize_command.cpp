#include "app/quantize_command.h"

#include "app/clip_range.h"
#include "app/context.h"
#include "app/messages.h"
#include "app/number_text.h"
#include "app/options.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/scales_report.h"
#include "app/tensor_selection.h"
#include "app/terminal.h"
#include "app/text_table.h"
#include "app/usage_error.h"
#include "quant/input_error.h"
#include "quant/quantize.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope quantize model.safetensors -o model-int8.safetensors\n"
    "  clipscope quantize model.safetensors -o model-int4.safetensors --bits 4 --granularity group:32\n"
    "  clipscope quantize model.safetensors -o model-mxfp4.safetensors --format mxfp4\n"
    "  clipscope quantize model.onnx -o model-int8.onnx --granularity channel\n"
    "  clipscope quantize weights.npz -o weights-int8.npz --scales weights-int8.json\n"
    "  clipscope quantize model.safetensors --bits 4 --granularity group:32 --scales -\n"
    "  clipscope quantize model.safetensors -o model-fake.safetensors --bits 4 --fake --filter '*.weight'";

struct QuantizeArguments {
    std::string input;
    std::string output, scales;  // empty for none; scales: "-" for standard output
    std::vector<std::string> filters;
    std::optional<quant::RawLayout> raw;
    quant::QuantizeOptions options;
    bool isUnpacked = false;
};

void checkTargets(const std::string& output, const std::string& scales) {
    if (output.empty() && scales.empty())
        throw UsageError("--output is required, unless there is --scales", "quantize");
    // A model of more than 2 GB has a second file.
    if (isSameFile(output, scales) || (!output.empty() && isSameFile(output + ".data", scales)))
        throw UsageError("--output and --scales name the same file", "quantize");
}

void checkApart(const std::vector<std::string>& inputs, const QuantizeArguments& arguments) {
    for (const std::string& target : {arguments.output, arguments.scales}) {
        if (target.empty() || target == "-") continue;
        for (const std::string& input : inputs) {
            if (isSameFile(input, target))
                throw UsageError("the output " + target + " would replace the input", "quantize");
        }
    }
}

// The output holds every tensor, so every one must be readable.
void requireReadable(const quant::TensorFile& file) {
    for (const quant::TensorInfo& info : file.tensors()) {
        if (!info.unreadable.empty()) throw quant::InputError(file.path(), info.name, info.unreadable);
    }
}

std::string clipText(const std::vector<float>& clips, int digits) {
    const ClipRange range = clipRange(clips);
    if (clips.size() == 1) return significant(range.min, digits);
    return significant(range.min, digits) + "…" + significant(range.max, digits);
}

std::string tableOf(const std::vector<quant::QuantizedTensor>& tensors) {
    constexpr int digits = 4;
    TextTable table({Align::Left, Align::Left, Align::Left, Align::Right, Align::Right});
    table.addRow({{"tensor", Style::Faint},
                  {"type", Style::Faint},
                  {"stored as", Style::Faint},
                  {"clip", Style::Faint},
                  {"SQNR", Style::Faint}});
    for (const auto& [info, storedAs, isQuantized, notNumbers, infinities, absmax, result] : tensors) {
        const std::string type = std::string(quant::name(info.dtype)) + " " + shapeText(info.shape);
        std::vector<Cell> row = {{quant::printable(info.name, 200)}, {type, Style::Faint}};
        row.push_back({isQuantized ? std::string(quant::name(storedAs)) : "as it was"});
        if (isQuantized) row.push_back({clipText(result.clip, digits), Style::Strong});
        if (isQuantized) row.push_back({result.sqnrDb ? fixedPoint(*result.sqnrDb, 2) : "-"});
        table.addRow(row);
    }
    return table.render({lineWidth(STDOUT_FILENO), 1, wantsColour(STDOUT_FILENO)}) + "\nSQNR: dB\n";
}

void warnOfNonFinite(const std::string& path, const std::vector<quant::QuantizedTensor>& tensors) {
    for (const auto& tensor : tensors) {
        if (tensor.notNumbers + tensor.infinities == 0) continue;
        const std::string problem =
            std::to_string(tensor.notNumbers) + " NaN and " + std::to_string(tensor.infinities) +
            " Inf: NaN has no level (0 is stored, or NaN with --fake), Inf is clipped";
        printMessage("warning", quant::InputError(path, tensor.info.name, problem).what());
    }
}

void checkMethod(const quant::QuantizeOptions& options) {
    quant::AnalysisOptions analysis{.bits = {options.bits}, .methods = {options.method}};
    if (options.format) analysis.formats = {*options.format};
    checkMethods(analysis, "quantize");
}

// Without filters, the weights alone.
std::vector<size_t> selectedTensors(const Selection& selection, bool hasFilters) {
    std::vector<size_t> selected;
    for (const TensorRef ref : selection.tensors) selected.push_back(ref.tensor);
    if (hasFilters) return selected;
    const auto weights = quant::weightTensors(*selection.files.front());
    std::erase_if(selected, [&](size_t tensor) { return !std::ranges::contains(weights, tensor); });
    return selected;
}

std::vector<quant::QuantizedTensor> quantizeTo(const std::string& output, const quant::TensorFile& file,
                                               const std::vector<size_t>& selected,
                                               const quant::QuantizeOptions& options, Global& global) {
    Context context(global);
    quant::Analyzer analyzer(context.device, global.memoryBytes, global.path);
    Progress progress(0, global.isQuiet);
    const auto onTensor = [&](size_t done, size_t total) {
        progress.set(done, total);
        progress.show(output.empty() ? "scales" : output);
    };
    auto tensors = output.empty() ? quant::findScales(analyzer, file, selected, options, onTensor)
                                  : quant::quantizeFile(analyzer, file, selected, options, output, onTensor);
    eraseProgress();
    return tensors;
}

void runQuantize(const QuantizeArguments& arguments, Global& global) {
    const auto& [input, output, scales, filters, raw, asked, isUnpacked] = arguments;
    quant::QuantizeOptions options = asked;
    options.isPacked = !isUnpacked;
    checkTargets(output, scales);
    checkApart({input}, arguments);
    checkMethod(options);
    const Selection selection = selectFromOneFile({{input}, raw}, filters, options.granularity);
    checkApart(selection.sourcePaths(), arguments);
    const quant::TensorFile& file = *selection.files.front();
    if (!output.empty()) requireReadable(file);
    std::optional<Output> scalesOutput;  // before the work: it would be lost if they cannot be written
    if (!scales.empty()) scalesOutput.emplace(scales);
    if (!global.isQuiet) noteNarrowing(selection);
    const auto tensors =
        quantizeTo(output, file, selectedTensors(selection, !filters.empty()), options, global);
    if (!global.isQuiet) warnOfNonFinite(input, tensors);
    if (scalesOutput) {
        writeScales(*scalesOutput, file, tensors);
        scalesOutput->commit();
    }
    if (!global.isQuiet && scales != "-") printText(tableOf(tensors));
}

void addTargetOptions(CLI::App& command, QuantizeArguments& arguments) {
    addOption(command, "-o,--output", "FILE",
              "the file to write: NAME.npz, NAME.npy (of one array), for an ONNX model NAME.onnx, else "
              "safetensors",
              [&](const std::string& text) {
                  if (text.empty() || text == "-")
                      throw std::invalid_argument("the name of a file is needed");
                  arguments.output = text;
              });
    addOption(command, "--scales", "FILE|-",
              "write clips, scales and zero points as JSON, beside --output or alone; - is standard output",
              [&](const std::string& text) {
                  if (text.empty()) throw std::invalid_argument("a file name or - is needed");
                  arguments.scales = text;
              });
}

}  // namespace

void addQuantizeCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<QuantizeArguments>();
    CLI::App& command = addCommand(root, global, "quantize",
                                   "Write a file with its weights quantized (tensors of two dimensions and "
                                   "more, all if there is none, or those of --filter)",
                                   examples, [arguments, &global] { runQuantize(*arguments, global); });
    command.add_option("INPUT", arguments->input, inputHelp)->required()->type_name("FILE");
    addRawOption(command, arguments->raw);
    addTargetOptions(command, *arguments);
    quant::QuantizeOptions& options = arguments->options;
    addOption(command, "--bits", "BITS", "bit width of integers, 1 to 16 (default 8)",
              [&](const std::string& text) { options.bits = oneBitWidthFrom(text); });
    addOption(command, "--format", formatWords(), "a number format instead of --bits",
              [&](const std::string& text) { options.format = oneFormatFrom(text); });
    addOption(
        command, "--method", methodWords(), "how clips are chosen (default octav)",
        [&](const std::string& text) {
            const auto methods = methodsFrom(text);
            if (methods.size() != 1)
                throw std::invalid_argument("one method is needed, not " + std::to_string(methods.size()));
            options.method = methods.front();
        });
    addGranularityOption(command, options.granularity);
    addSignOption(command, options.sign);
    addMetricOption(command, options.metric);
    addFilterOption(command, arguments->filters);
    addOption(command, "--rounding", "nearest|stochastic|stochastic:SEED",
              "how values between two levels are rounded (default nearest, ties to even)",
              [&](const std::string& text) { options.rounding = roundingFrom(text); });
    command
        .add_flag("--unpacked", arguments->isUnpacked,
                  "a byte for every code, also for those of fewer than 8 bits")
        ->disable_flag_override();
    command.add_flag("--fake", options.isFake, "keep the float dtype, with values rounded to the grid")
        ->disable_flag_override();
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
