#include "app/calibrate_command.h"

#include "app/calibrate_report.h"
#include "app/context.h"
#include "app/did_you_mean.h"
#include "app/messages.h"
#include "app/number_text.h"
#include "app/options.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/tensor_selection.h"
#include "app/terminal.h"
#include "app/usage_error.h"
#include "quant/folder_lock.h"
#include "quant/input_error.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope calibrate batch-*.safetensors --state activations.state\n"
    "  clipscope calibrate --state all.state --merge machine1.state --merge machine2.state --fresh\n"
    "  clipscope calibrate --state all.state --bits 4,8 --method octav,percentile:99.99,entropy --json "
    "clips.json";

struct CalibrateArguments {
    Inputs inputs;
    std::vector<std::string> merges, filters;
    std::string state;
    quant::AnalysisOptions options;
    ReportTargets targets;
    bool isFresh = false;

    bool addsSomething() const { return !inputs.paths.empty() || !merges.empty(); }
};

// inputs: the files that are read, as far as they are known.
void check(const CalibrateArguments& arguments, const std::vector<std::string>& inputs) {
    const auto& [paths, merges, filters, state, options, targets, isFresh] = arguments;
    if (state.empty() || state == "-") throw UsageError("--state: the name of a file is needed", "calibrate");
    if (isFresh && !arguments.addsSomething())
        throw UsageError("--fresh needs an INPUT or --merge to begin with", "calibrate");
    std::vector<std::string> read = inputs;
    read.insert(read.end(), merges.begin(), merges.end());
    for (const std::string& path : read) {
        if (isSameFile(path, state))
            throw UsageError("the state " + state + " would replace an input", "calibrate");
    }
    read.push_back(state);
    targets.check(read);
    checkMethods(options, "calibrate");
    for (const quant::NumberFormat& format : options.formats) {
        if (format.isBlockScaled())
            throw UsageError("format " + format.name() + " needs the data: a state knows no blocks",
                             "calibrate");
    }
}

// The state that is added to: empty where the file does not exist yet.
quant::CalibrationState startingState(const CalibrateArguments& arguments) {
    std::error_code unknown;
    const bool isThere = std::filesystem::exists(arguments.state, unknown);
    if (arguments.isFresh || (!isThere && arguments.addsSomething())) return {};
    return quant::CalibrationState::read(arguments.state);
}

void addInputs(const Selection& selection, quant::CalibrationState& state, Global& global) {
    if (!global.isQuiet) noteSelection(selection);
    if (selection.tensors.empty()) return;
    Context context(global);
    quant::TensorStream stream(context.device, global.memoryBytes);
    quant::ProfilePass profiles(context.device, global.path);
    Progress progress(bytesOf(selection), global.isQuiet);
    for (const TensorRef ref : selection.tensors) {
        const quant::TensorFile& file = selection.fileOf(ref);
        const quant::TensorInfo& info = selection.info(ref);
        progress.show(info.name);
        stream.select(file, ref.tensor);
        const quant::Profile profile = profiles.profile(stream);
        state.add(info.name, profile, file.path());
        progress.advance(info.sizeBytes);
        if (global.isQuiet || profile.finite() == profile.elements()) continue;
        const std::string problem = notFiniteText(profile.notNumbers(), profile.infinities()) + " left out";
        printMessage("warning", quant::InputError(file.path(), info.name, problem).what());
    }
}

// The names of the state's tensors that match any of the globs; all without globs.
std::vector<std::string> reportedNames(const CalibrateArguments& arguments,
                                       const quant::CalibrationState& state) {
    std::vector<std::string> all, chosen;
    for (const auto& [name, tensor] : state.tensors()) all.push_back(name);
    for (const std::string& glob : arguments.filters) {
        if (std::ranges::any_of(all, [&](const auto& name) { return matches(glob, name); })) continue;
        const std::string problem = "none of " + counted(all.size(), "tensor") + " matches '" + glob + "'";
        throw quant::InputError(arguments.state, "", problem + didYouMean(glob, all));
    }
    std::ranges::copy_if(all, std::back_inserter(chosen), [&](const std::string& name) {
        return arguments.filters.empty() ||
               std::ranges::any_of(arguments.filters, [&](const auto& glob) { return matches(glob, name); });
    });
    return chosen;
}

CalibratedClips clipsOf(const std::string& name, const quant::CalibratedTensor& tensor,
                        const quant::AnalysisOptions& options) {
    CalibratedClips clips{name, tensor.contributions, quant::Profile::fromSparse(tensor.profile), {}};
    const bool isSigned =
        options.sign == quant::Sign::Auto ? clips.profile.hasNegative() : options.sign == quant::Sign::Signed;
    quant::ProfileClips search(clips.profile);
    for (const quant::Method& method : options.methods) {
        for (const quant::NumberFormat& format : quant::formatsOf(options, isSigned))
            clips.results.push_back({method, format, search.find({method, format})});
    }
    return clips;
}

void runCalibrate(const CalibrateArguments& arguments, Global& global) {
    check(arguments, arguments.inputs.paths);
    quant::CalibrationState state = startingState(arguments), added;
    for (const std::string& path : arguments.merges) added.merge(quant::CalibrationState::read(path), path);
    const Selection selection =
        arguments.inputs.paths.empty() ? Selection() : selectTensors(arguments.inputs, arguments.filters, {});
    check(arguments, selection.sourcePaths());
    // Before the work: it would be lost if they cannot be written.
    std::optional<quant::OutputFile> stateFile;
    if (arguments.addsSomething()) stateFile.emplace(arguments.state);
    std::optional<Output> json, csv;
    if (!arguments.targets.json.empty()) json.emplace(arguments.targets.json);
    if (!arguments.targets.csv.empty()) csv.emplace(arguments.targets.csv);
    addInputs(selection, added, global);

    // Other runs may have added to the state meanwhile: it is read once more, with nobody else writing.
    std::optional<quant::FolderLock> lock;
    if (stateFile) {
        lock.emplace(arguments.state);
        state = startingState(arguments);
        state.merge(added, arguments.state);
    }
    const std::string bytes = state.bytes();
    std::vector<CalibratedClips> tensors;
    for (const std::string& name : reportedNames(arguments, state))
        tensors.push_back(clipsOf(name, state.tensors().at(name), arguments.options));
    const CalibrateRun run{arguments.state, bytes.size(), state.tensors().size(), selection,
                           arguments.options};
    if (json) writeWhole(*json, calibrateJson(run, tensors));
    if (csv) writeWhole(*csv, calibrateCsv(tensors));
    eraseProgress();
    if (!arguments.targets.takeStdout() && !(global.isQuiet && (json || csv || stateFile)))
        printText(calibrateTable(run, tensors, lineWidth(STDOUT_FILENO), wantsColour(STDOUT_FILENO)));
    // Last, so that after any failure the state is as it was, and the command can be given again.
    if (!stateFile) return;
    stateFile->write(bytes);
    stateFile->commit();
}

}  // namespace

void addCalibrateCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<CalibrateArguments>();
    CLI::App& command =
        addCommand(root, global, "calibrate",
                   "Gather tensors of many files in a small state, and find clips from the state alone",
                   examples, [arguments, &global] { runCalibrate(*arguments, global); });
    command.add_option("INPUT", arguments->inputs.paths, "files of tensors to add; none: only report")
        ->type_name("FILE");
    command.add_option("--state", arguments->state, "the state: made if it is missing, else added to")
        ->required()
        ->type_name("FILE");
    command.add_option("--merge", arguments->merges, "another state to add; may be repeated")
        ->type_name("FILE")
        ->allow_extra_args(false);
    command.add_flag("--fresh", arguments->isFresh, "begin with an empty state, whatever the file holds")
        ->disable_flag_override();
    addOption(command, "--bits", "LIST", "bit widths of integers, 1 to 16: 4, 2-8 or 4,8 (default 4)",
              [arguments](const std::string& text) { arguments->options.bits = bitsFrom(text); });
    const auto isKnown = [](const quant::NumberFormat& format) { return !format.isBlockScaled(); };
    addOption(command, "--format", formatWords(isKnown),
              "number formats instead of --bits: one or several, as fp8-e4m3,int8-affine",
              [arguments](const std::string& text) { arguments->options.formats = formatsFrom(text); });
    addOption(command, "--method", methodWords(),
              "how clips are chosen: one or several, as octav,max (default octav)",
              [arguments](const std::string& text) { arguments->options.methods = methodsFrom(text); });
    addSignOption(command, arguments->options.sign);
    exclude(command, "--format", {"--bits", "--sign"});
    addFilterOption(command, arguments->filters);
    addRawOption(command, arguments->inputs.raw);
    addJsonOption(command, arguments->targets.json);
    addCsvOption(command, arguments->targets.csv);
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
