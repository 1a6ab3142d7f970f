#include "app/recommend_command.h"

#include "app/context.h"
#include "app/messages.h"
#include "app/options.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/recommend_report.h"
#include "app/tensor_selection.h"
#include "app/terminal.h"
#include "app/usage_error.h"
#include "quant/input_error.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope recommend model.safetensors --target-bits 4.5\n"
    "  clipscope recommend model.safetensors --target-sqnr 30 --granularity channel --json plan.json\n"
    "  clipscope recommend model.safetensors --target-bits 4.6 --format int4,nvfp4,mxfp6-e2m3,fp8-e4m3";

struct RecommendArguments {
    std::string input;
    std::vector<std::string> filters;
    std::optional<quant::RawLayout> raw;
    quant::RecommendOptions options;
    ReportTargets targets;
};

void check(const RecommendArguments& arguments) {
    const auto& options = arguments.options;
    if (options.targetBits.has_value() == options.targetSqnr.has_value())
        throw UsageError("one of --target-bits and --target-sqnr is needed", "recommend");
    arguments.targets.check({arguments.input});
    checkMethods(options.choices, "recommend");
}

// Leaves the tensors to choose for, the weights where no --filter says which, and returns how many go.
size_t leaveOut(Selection& selection, bool isFiltered) {
    const size_t empty =
        std::erase_if(selection.tensors, [&](TensorRef ref) { return selection.info(ref).elements == 0; });
    const size_t leftOut = empty + (isFiltered ? 0 : keepWeights(selection));
    if (selection.tensors.empty())
        throw quant::InputError(selection.files.front()->path(), "",
                                "holds no elements of a float type to choose a format for");
    return leftOut;
}

void warnOfNonFinite(const std::string& path, const quant::Recommendation& recommendation) {
    for (const auto& tensor : recommendation.tensors) {
        const uint64_t others = tensor.info.elements - tensor.finite;
        if (others == 0) continue;
        const std::string problem = std::to_string(others) + " NaN or infinite left out";
        printMessage("warning", quant::InputError(path, tensor.info.name, problem).what());
    }
}

void runRecommend(const RecommendArguments& arguments, Global& global) {
    const auto start = std::chrono::steady_clock::now();
    const auto& [input, filters, raw, options, targets] = arguments;
    check(arguments);
    Selection selection = selectFromOneFile({{input}, raw}, filters, options.choices.granularity);
    targets.check(selection.sourcePaths());
    const size_t leftOut = leaveOut(selection, !filters.empty());
    std::vector<size_t> chosen;
    for (const TensorRef ref : selection.tensors) chosen.push_back(ref.tensor);
    std::optional<Output> json, csv;
    if (!targets.json.empty()) json.emplace(targets.json);
    if (!targets.csv.empty()) csv.emplace(targets.csv);
    Context context(global);
    quant::Analyzer analyzer(context.device, global.memoryBytes, global.path);
    if (!global.isQuiet) noteSelection(selection);
    Progress progress(bytesOf(selection), global.isQuiet);
    quant::Recommendation recommendation;
    try {
        recommendation = quant::recommend(analyzer, *selection.files.front(), chosen, options,
                                          [&](const quant::TensorInfo& info) {
                                              progress.show(info.name);
                                              progress.advance(info.sizeBytes);
                                          });
    } catch (const std::invalid_argument& error) {
        eraseProgress();
        throw UsageError(error.what(), "recommend");
    }
    eraseProgress();
    if (!global.isQuiet) warnOfNonFinite(input, recommendation);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const RecommendRun run{selection, options, context.device.info(), leftOut, seconds.count()};
    if (json) writeWhole(*json, recommendJson(run, recommendation));
    if (csv) writeWhole(*csv, recommendCsv(recommendation));
    if (targets.takeStdout() || (global.isQuiet && (json || csv))) return;
    printText(recommendTable(run, recommendation, lineWidth(STDOUT_FILENO), wantsColour(STDOUT_FILENO)));
}

}  // namespace

void addRecommendCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<RecommendArguments>();
    quant::RecommendOptions& options = arguments->options;
    options.choices.bits = bitsFrom("2-8");
    CLI::App& command =
        addCommand(root, global, "recommend",
                   "Choose a bit width or format for every weight tensor, within a budget of bits or "
                   "for an SQNR, at least total error",
                   examples, [arguments, &global] { runRecommend(*arguments, global); });
    command.add_option("INPUT", arguments->input, inputHelp)->required()->type_name("FILE");
    addOption(command, "--target-bits", "BITS", "bits per element at most, scales included, over all tensors",
              [&](const std::string& text) { options.targetBits = positiveFrom(text); });
    addOption(command, "--target-sqnr", "DB", "SQNR in dB at least, of all tensors together",
              [&](const std::string& text) { options.targetSqnr = positiveFrom(text); });
    addOption(command, "--bits", "LIST", "the bit widths to choose from, 1 to 16 (default 2-8)",
              [&](const std::string& text) { options.choices.bits = bitsFrom(text); });
    addOption(command, "--format", formatWords(), "the number formats to choose from, instead of --bits",
              [&](const std::string& text) { options.choices.formats = formatsFrom(text); });
    addOption(command, "--method", methodWords(), "how clips are chosen (default octav)",
              [&](const std::string& text) {
                  options.choices.methods = methodsFrom(text);
                  if (options.choices.methods.size() > 1) throw std::invalid_argument("one method is needed");
              });
    addGranularityOption(command, options.choices.granularity);
    addSignOption(command, options.choices.sign);
    exclude(command, "--format", {"--bits", "--sign"});
    addFilterOption(command, arguments->filters);
    addRawOption(command, arguments->raw);
    addJsonOption(command, arguments->targets.json);
    addCsvOption(command, arguments->targets.csv);
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
