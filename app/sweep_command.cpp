#include "app/sweep_command.h"

#include "app/context.h"
#include "app/options.h"
#include "app/output.h"
#include "app/plot_option.h"
#include "app/sweep_report.h"
#include "app/tensor_selection.h"
#include "app/terminal.h"
#include "app/usage_error.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <memory>
#include <optional>
#include <stdexcept>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope sweep model.safetensors --tensor features.0.weight --bits 4\n"
    "  clipscope sweep weights.npy --bits 2 --points 1024 --csv curve.csv\n"
    "  clipscope sweep model.safetensors --tensor classifier.1.weight --range 0.01:0.2 --json -\n"
    "  clipscope sweep model.safetensors --tensor features.14.weight --bits 3 --plot sweep.png";

struct SweepArguments {
    std::string input, tensor;
    std::optional<quant::RawLayout> raw;
    quant::SweepOptions options;
    ReportTargets targets;
};

bool hasOneClip(const quant::NumberFormat& format) {
    return !format.isAffine && !format.isBlockScaled() && !format.fixedScale();
}

void checkOptions(const quant::SweepOptions& options) {
    try {
        quant::checkSweep(options);
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what(), "sweep");
    }
}

// The clip view of the tensor with that format alone, over the range.
Session sessionOf(const SweepArguments& arguments, const quant::TensorInfo& info) {
    const quant::SweepOptions& options = arguments.options;
    Session session{.inputs = {arguments.input},
                    .raw = arguments.raw ? arguments.raw->name() : "",
                    .tensor = info.name,
                    .isTableShown = false,
                    .bits = {options.bits},
                    .chosenBits = options.bits,
                    .format = options.format,
                    .sign = options.sign};
    if (options.format) session.bits.clear();
    session.clips.bounds = options.range;
    return session;
}

void runSweep(const SweepArguments& arguments, Global& global) {
    const auto& [input, name, raw, options, targets] = arguments;
    targets.check({input});
    checkOptions(options);
    const Selection selection = selectFromOneFile({{input}, raw}, {}, {});
    targets.check(selection.sourcePaths());
    const TensorRef ref = findTensor(selection, name);
    std::optional<Output> json, csv;
    if (!targets.json.empty()) json.emplace(targets.json);
    if (!targets.csv.empty()) csv.emplace(targets.csv);
    PlotFile plot(targets.plot);
    Context context(global);
    plot.checkDevice(context.device);
    quant::Analyzer analyzer(context.device, global.memoryBytes, global.path);
    const auto sweep = quant::sweep(analyzer, selection.fileOf(ref), ref.tensor, options);
    const std::string& tensor = selection.info(ref).name;
    if (json) {
        json->write(sweepJson(tensor, sweep));
        json->commit();
    }
    if (csv) {
        csv->write(sweepCsv(sweep));
        csv->commit();
    }
    if (plot.isWanted())
        plot.write(viewPicture(context.device, global, sessionOf(arguments, selection.info(ref))));
    const bool hasTable = !targets.takeStdout() && !(global.isQuiet && targets.areAny());
    if (hasTable) printText(sweepTable(tensor, sweep, wantsColour(STDOUT_FILENO)));
}

}  // namespace

void addSweepCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<SweepArguments>();
    CLI::App& command =
        addCommand(root, global, "sweep", "Measure the error of a tensor over a range of clips", examples,
                   [arguments, &global] { runSweep(*arguments, global); });
    command.add_option("INPUT", arguments->input, inputHelp)->required()->type_name("FILE");
    addRawOption(command, arguments->raw);
    addOption(command, "--tensor", "NAME", "the tensor (default: the only one)",
              [arguments](const std::string& text) { arguments->tensor = text; });
    quant::SweepOptions& options = arguments->options;
    addOption(command, "--bits", "BITS", "bit width of integers, 1 to 16 (default 4)",
              [&](const std::string& text) { options.bits = oneBitWidthFrom(text); });
    addOption(command, "--format", formatWords(hasOneClip), "a number format instead of --bits",
              [&](const std::string& text) { options.format = oneFormatFrom(text); });
    addOption(command, "--points", "N", "how many clips, logarithmically spaced (default 256)",
              [&](const std::string& text) { options.points = pointsFrom(text); });
    addOption(command, "--range", "LO:HI", "from which clip to which (default: absmax/4096 to absmax)",
              [&](const std::string& text) { options.range = rangeFrom(text); });
    addSignOption(command, options.sign);
    exclude(command, "--format", {"--bits", "--sign"});
    addJsonOption(command, arguments->targets.json);
    addCsvOption(command, arguments->targets.csv);
    addPlotOption(command, arguments->targets.plot,
                  "draw the error over the range, with all minima and the usual methods' clips, 1280x720");
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
