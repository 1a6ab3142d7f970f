#include "app/quantize_command.h"

#include "app/context.h"
#include "app/options.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/quantize_jobs.h"
#include "app/quantize_report.h"
#include "app/scales_report.h"
#include "app/tensor_selection.h"
#include "app/terminal.h"
#include "app/usage_error.h"
#include "quant/input_error.h"
#include "quant/quantize.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope quantize model.safetensors -o model-int8.safetensors\n"
    "  clipscope quantize model.safetensors -o model-int4.safetensors --bits 4 --granularity group:32\n"
    "  clipscope quantize model.safetensors -o model-mxfp4.safetensors --format mxfp4\n"
    "  clipscope quantize model.safetensors -o model-mixed.safetensors --plan plan.json\n"
    "  clipscope quantize model.onnx -o model-int8.onnx --granularity channel\n"
    "  clipscope quantize weights.npy -o weights-fake.npy --bits 4 --fake\n"
    "  clipscope quantize weights.npz -o weights-int8.npz --scales weights-int8.json\n"
    "  clipscope quantize model.safetensors --bits 4 --granularity group:32 --scales -\n"
    "  clipscope quantize model.safetensors -o model-int3.npz --bits 3 --rounding stochastic:7\n"
    "  clipscope quantize model.safetensors -o model-fp16.safetensors --format fp16\n"
    "  clipscope quantize model.safetensors -o model-fake.safetensors --bits 4 --fake --filter '*.weight'";

struct QuantizeArguments {
    std::string input;
    std::string output, scales;  // empty for none; scales: "-" for standard output
    std::string plan;            // empty for none: the options below are for all tensors
    std::vector<std::string> filters;
    std::optional<quant::RawLayout> raw;
    quant::QuantizeOptions options;
    bool isUnpacked = false;
};

// A name without an extension is written as safetensors.
void checkExtension(const std::string& output) {
    const std::string extension = std::filesystem::path(output).extension();
    if (extension.empty()) return;
    constexpr std::array known = {".safetensors", ".npz", ".npy", ".onnx"};
    if (std::ranges::contains(known, extension)) return;
    throw std::invalid_argument("no file is written as " + extension +
                                "; there are .safetensors, .npz, .npy and, for ONNX models, .onnx");
}

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

void checkMethod(const quant::QuantizeOptions& options) {
    quant::AnalysisOptions analysis{
        .bits = {options.bits}, .methods = {options.method}, .metric = options.metric};
    if (options.format) analysis.formats = {*options.format};
    checkMethods(analysis, "quantize");
}

std::vector<quant::QuantizedTensor> quantizeTo(const std::string& output, const quant::TensorFile& file,
                                               const std::vector<quant::QuantizeJob>& jobs, Global& global) {
    Context context(global);
    quant::Analyzer analyzer(context.device, global.memoryBytes, global.path);
    Progress progress(0, global.isQuiet);
    const auto onTensor = [&](size_t done, size_t total) {
        progress.set(done, total);
        progress.show(output.empty() ? "scales" : output);
    };
    auto tensors = output.empty() ? quant::findScales(analyzer, file, jobs, onTensor)
                                  : quant::quantizeFile(analyzer, file, jobs, output, onTensor);
    eraseProgress();
    return tensors;
}

void runQuantize(const QuantizeArguments& arguments, Global& global) {
    const auto& [input, output, scales, plan, filters, raw, asked, isUnpacked] = arguments;
    quant::QuantizeOptions options = asked;
    options.isPacked = !isUnpacked;
    checkTargets(output, scales);
    checkApart(plan.empty() ? std::vector{input} : std::vector{input, plan}, arguments);
    checkMethod(options);
    Selection selection = selectFromOneFile({{input}, raw}, filters, options.granularity);
    checkApart(selection.sourcePaths(), arguments);
    checkApart(sourcePaths(options.metric), arguments);
    const quant::TensorFile& file = *selection.files.front();
    // Without filters, the weights alone.
    if (filters.empty() && plan.empty()) keepWeights(selection);
    if (plan.empty() && selection.tensors.empty())
        throw quant::InputError(input, "", "holds no tensor of a float type to quantize");
    const auto jobs = plan.empty() ? jobsFor(selection, options) : jobsOfPlan(plan, selection, options);
    std::optional<Output> scalesOutput;  // before the work: it would be lost if they cannot be written
    if (!scales.empty()) scalesOutput.emplace(scales);
    if (!global.isQuiet) noteSelection(selection);
    const auto tensors = quantizeTo(output, file, jobs, global);
    if (!global.isQuiet) warnOfLosses(input, tensors, options.isFake);
    if (scalesOutput) {
        writeScales(*scalesOutput, file, tensors);
        scalesOutput->commit();
    }
    if (global.isQuiet || scales == "-") return;
    printText(quantizeTable(file, tensors, output, lineWidth(STDOUT_FILENO), wantsColour(STDOUT_FILENO)));
}

void addTargetOptions(CLI::App& command, QuantizeArguments& arguments) {
    addOption(command, "-o,--output", "FILE",
              "the file to write: NAME.safetensors, NAME.npz, NAME.npy (of one array), or for an ONNX model "
              "NAME.onnx",
              [&](const std::string& text) {
                  if (text.empty() || text == "-")
                      throw std::invalid_argument("the name of a file is needed");
                  checkExtension(text);
                  arguments.output = text;
              });
    addOption(command, "--scales", "FILE|-",
              "write clips, scales and zero points as JSON, beside --output or alone; - is standard output",
              [&](const std::string& text) {
                  if (text.empty()) throw std::invalid_argument("a file name or - is needed");
                  arguments.scales = text;
              });
}

// The plan decides what the excluded options would.
void addPlanOption(CLI::App& command, QuantizeArguments& arguments) {
    addOption(
        command, "--plan", "FILE",
        "the tensors, and for each its format, granularity and method, as chosen by recommend --json FILE",
        [&](const std::string& text) {
            if (text.empty()) throw std::invalid_argument("a file name is needed");
            arguments.plan = text;
        });
    exclude(command, "--plan", {"--bits", "--format", "--granularity", "--method", "--sign", "--filter"});
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
    addPlanOption(command, *arguments);
    addOption(command, "--rounding", "nearest|stochastic|stochastic:SEED",
              "how values between two levels are rounded (default nearest, ties to even; SEED: 0)",
              [&](const std::string& text) { options.rounding = roundingFrom(text); });
    command
        .add_flag("--unpacked", arguments->isUnpacked,
                  "a byte for every code, also for those of fewer than 8 bits (ONNX models: always)")
        ->disable_flag_override();
    command.add_flag("--fake", options.isFake, "keep the float dtype, with values rounded to the grid")
        ->disable_flag_override();
    exclude(command, "--format", {"--bits", "--sign"});
    exclude(command, "--fake", {"--unpacked"});
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
