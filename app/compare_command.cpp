#include "app/compare_command.h"

#include "app/compare_report.h"
#include "app/context.h"
#include "app/messages.h"
#include "app/number_text.h"
#include "app/options.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/tensor_selection.h"
#include "app/terminal.h"
#include "quant/input_error.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope compare model.safetensors\n"
    "  clipscope compare model.safetensors --bits 2-8 --method octav,max,entropy --csv table.csv\n"
    "  clipscope compare model.safetensors --bits 4 --granularity tensor,channel,group:32 --measure\n"
    "  clipscope compare model.safetensors --format int4,fp4-e2m1,mxfp4,nvfp4 --method octav,max";

struct CompareArguments {
    Inputs inputs;
    std::vector<std::string> filters;
    quant::ComparisonOptions options;
    ReportTargets targets;
};

bool takes(const quant::NumberFormat& format, const quant::Method& method) {
    try {
        quant::checkMethod(method, format);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

// Without --method: of the usual ones those that all the formats take.
std::vector<quant::Method> defaultMethods(const std::vector<quant::NumberFormat>& formats) {
    auto methods = methodsFrom("octav,max,percentile:99.9,entropy,mse");
    std::erase_if(methods, [&](const quant::Method& method) {
        return std::ranges::any_of(formats, [&](const auto& format) { return !takes(format, method); });
    });
    return methods;
}

void warnOfNotFinite(const quant::TensorFile& file, const quant::TensorComparison& tensor) {
    const std::string text = notFiniteText(tensor.profile.notNumbers(), tensor.profile.infinities());
    if (text.empty()) return;
    const quant::InputError warning(file.path(), tensor.info.name, text + " left out");
    printMessage("warning", warning.what());
}

// What any of the granularities cannot take is skipped for all: the table has no holes. All that a
// granularity asks for is an axis, so the smallest of the selections is what they have in common.
Selection selectForAll(const CompareArguments& arguments) {
    std::optional<Selection> smallest;
    for (const auto& granularity : arguments.options.granularities) {
        Selection selection = selectTensors(arguments.inputs, arguments.filters, granularity);
        if (!smallest || selection.tensors.size() < smallest->tensors.size()) smallest = std::move(selection);
    }
    return std::move(smallest).value();
}

void runCompare(const CompareArguments& arguments, Global& global) {
    const auto start = std::chrono::steady_clock::now();
    const auto& [inputs, filters, asked, targets] = arguments;
    targets.check(inputs.paths);
    quant::ComparisonOptions options = asked;
    if (options.methods.empty()) options.methods = defaultMethods(options.formats);
    checkMethods({.bits = options.bits, .formats = options.formats, .methods = options.methods}, "compare");
    const Selection selection = selectForAll(arguments);
    targets.check(selection.sourcePaths());
    std::optional<Output> json, csv;
    if (!targets.json.empty()) json.emplace(targets.json);
    if (!targets.csv.empty()) csv.emplace(targets.csv);
    Context context(global);
    quant::Analyzer analyzer(context.device, global.memoryBytes, global.path);
    if (!global.isQuiet) noteSelection(selection);
    std::vector<quant::TensorComparison> tensors;
    Progress progress(bytesOf(selection), global.isQuiet);
    for (const TensorRef ref : selection.tensors) {
        progress.show(selection.info(ref).name);
        tensors.push_back(quant::compareTensor(analyzer, selection.fileOf(ref), ref.tensor, options));
        progress.advance(selection.info(ref).sizeBytes);
        if (!global.isQuiet) warnOfNotFinite(selection.fileOf(ref), tensors.back());
    }
    eraseProgress();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const CompareRun run{selection, options, context.device.info(), seconds.count()};
    if (json) writeWhole(*json, compareJson(run, tensors));
    if (csv) writeWhole(*csv, compareCsv(run, tensors));
    if (targets.takeStdout() || (global.isQuiet && (json || csv))) return;
    printText(compareTable(run, tensors, lineWidth(STDOUT_FILENO), wantsColour(STDOUT_FILENO)));
}

}  // namespace

void addCompareCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<CompareArguments>();
    quant::ComparisonOptions& options = arguments->options;
    CLI::App& command =
        addCommand(root, global, "compare",
                   "Compare methods, bit widths, formats and granularities by their SQNR, a row per "
                   "tensor",
                   examples, [arguments, &global] { runCompare(*arguments, global); });
    command.add_option("INPUT", arguments->inputs.paths, inputHelp)->required()->type_name("FILE");
    addOption(command, "--bits", "LIST", "bit widths of integers, 1 to 16: 4, 2-8 or 4,8 (default 4,8)",
              [&](const std::string& text) { options.bits = bitsFrom(text); });
    addOption(command, "--format", formatWords(),
              "number formats instead of --bits: one or several, as fp8-e4m3,int8-affine,mxfp4",
              [&](const std::string& text) { options.formats = formatsFrom(text); });
    addOption(command, "--method", methodWords(),
              "how clips are chosen: one or several (default octav,max,percentile:99.9,entropy,mse, or "
              "those of them that the formats take)",
              [&](const std::string& text) { options.methods = methodsFrom(text); });
    addOption(command, "--granularity", granularityWords,
              "what shares a clip: one or several (default tensor)",
              [&](const std::string& text) { options.granularities = granularitiesFrom(text); });
    command
        .add_flag_callback(
            "--measure", [&options] { options.mostMeasured = UINT64_MAX; },
            "measure whole tensors of more than 1,048,576 elements, too, instead of estimating from "
            "their profiles")
        ->disable_flag_override();
    addSignOption(command, options.sign);
    exclude(command, "--format", {"--bits", "--sign"});
    addFilterOption(command, arguments->filters);
    addRawOption(command, arguments->inputs.raw);
    addJsonOption(command, arguments->targets.json);
    addCsvOption(command, arguments->targets.csv);
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
