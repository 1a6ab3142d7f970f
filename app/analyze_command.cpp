#include "app/analyze_command.h"

#include "app/analyze_csv.h"
#include "app/analyze_json.h"
#include "app/analyze_plot.h"
#include "app/analyze_table.h"
#include "app/context.h"
#include "app/messages.h"
#include "app/number_text.h"
#include "app/options.h"
#include "app/plot_option.h"
#include "app/progress.h"
#include "app/terminal.h"
#include "quant/input_error.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope analyze model.safetensors\n"
    "  clipscope analyze model.safetensors --bits 2-8 --method octav,max\n"
    "  clipscope analyze model.safetensors --method octav-paper,percentile:99.9,entropy,mse\n"
    "  clipscope analyze weights.npz --granularity channel --json weights.json\n"
    "  clipscope analyze model.safetensors --granularity channel:1 --filter '*.weight' --sign signed\n"
    "  clipscope analyze model.safetensors --granularity group:16:1 --filter 'features.14.weight'\n"
    "  clipscope analyze model.safetensors --granularity block:16x16 --filter 'classifier.*.weight'\n"
    "  clipscope analyze model.safetensors --format uint8,int8-full,uint4-affine,int8-pow2,q3.4,uq4.4,pot4\n"
    "  clipscope analyze model.safetensors --format ternary,binary,tf32,fp16,bf16\n"
    "  clipscope analyze model.safetensors --format fp8-e4m3,fp8-e5m2,fp6-e2m3,fp6-e3m2,fp4-e2m1\n"
    "  clipscope analyze model.safetensors --format mxint8,mxfp8-e4m3,mxfp8-e5m2,mxfp4,nvfp4\n"
    "  clipscope analyze model.safetensors --format mxfp6-e2m3,mxfp6-e3m2,int8-affine\n"
    "  clipscope analyze model.safetensors --metric cosine --method mse\n"
    "  clipscope analyze model.safetensors --metric weighted:hessian.safetensors\n"
    "  clipscope analyze folder/ model.gguf model.safetensors.index.json model.onnx --bits 4\n"
    "  clipscope analyze conv.bin --raw f32:64x3x3x3 --strict\n"
    "  clipscope analyze model.safetensors --device 0 --memory 64M --path private\n"
    "  clipscope analyze model.safetensors --filter '*.weight' --csv - --quiet\n"
    "  clipscope analyze model.safetensors --bits 2,4,8 --method octav,max --plot analysis.png";

struct AnalyzeArguments {
    Inputs inputs;
    std::vector<std::string> filters;
    quant::AnalysisOptions options;
    ReportTargets targets;
    bool isStrict = false;
};

// Something in the input that --strict does not accept.
struct Objection {
    TensorRef ref;
    std::string reason;
};

// The reports that are asked for.
class Reports {
public:
    Reports(const AnalyzeArguments& arguments, bool isQuiet)
        : m_targets(arguments.targets), m_plotFile(arguments.targets.plot) {
        if (!m_targets.json.empty()) m_jsonOutput.emplace(m_targets.json);
        if (!m_targets.csv.empty()) m_csvOutput.emplace(m_targets.csv);
        m_hasTable = !m_targets.takeStdout() && !(isQuiet && m_targets.areAny());
    }

    // Throws engine::NoDevice where a picture is asked of a device that does not draw.
    void check(const engine::Device& device) const { m_plotFile.checkDevice(device); }

    void begin(const AnalyzeRun& run) {
        if (m_jsonOutput) m_json.emplace(*m_jsonOutput, run);
        if (m_csvOutput) m_csv.emplace(*m_csvOutput);
        if (m_hasTable) m_table.emplace(run);
        if (m_plotFile.isWanted()) m_plot.emplace(run);
    }

    void add(const AnalyzeRun& run, TensorRef ref, const quant::TensorAnalysis& analysis) {
        if (m_json) m_json->add(analysis);
        if (m_csv) m_csv->add(run.selection.fileOf(ref).path(), analysis);
        if (m_table) m_table->add(analysis);
        if (m_plot) m_plot->add(ref, analysis);
    }

    // raw: the layout of bare elements, or empty.
    void draw(engine::Device& device, const Global& global, const std::string& raw) {
        if (m_plot) m_plotFile.write(m_plot->picture(device, global, raw));
    }

    void finish(const Seconds& seconds) {
        if (m_json) m_json->finish(seconds);
        if (m_jsonOutput) m_jsonOutput->commit();
        if (m_csvOutput) m_csvOutput->commit();
        if (m_table)
            printText(m_table->render(seconds, lineWidth(STDOUT_FILENO), wantsColour(STDOUT_FILENO)));
    }

private:
    ReportTargets m_targets;
    std::optional<Output> m_jsonOutput, m_csvOutput;
    std::optional<AnalyzeJson> m_json;
    std::optional<AnalyzeCsv> m_csv;
    std::optional<AnalyzeTable> m_table;
    PlotFile m_plotFile;
    std::optional<AnalyzePlot> m_plot;
    bool m_hasTable = false;
};

// Analyzes every selected tensor. Returns the first that has NaN or Inf.
std::optional<Objection> analyzeAll(const AnalyzeRun& run, quant::Analyzer& analyzer, Reports& reports,
                                    bool isQuiet) {
    std::optional<Objection> objection;
    Progress progress(bytesOf(run.selection), isQuiet);
    for (const TensorRef ref : run.selection.tensors) {
        const quant::TensorFile& file = run.selection.fileOf(ref);
        const quant::TensorInfo& info = run.selection.info(ref);
        progress.show(info.name);
        const auto analysis = analyzer.analyze(file, ref.tensor, run.options);
        progress.advance(info.sizeBytes);
        reports.add(run, ref, analysis);
        const std::string notFinite =
            notFiniteText(analysis.profile.notNumbers(), analysis.profile.infinities());
        if (notFinite.empty()) continue;
        if (!objection) objection = {ref, "has " + notFinite + " of " + counted(info.elements, "element")};
        const quant::InputError warning(file.path(), info.name, notFinite + " left out");
        if (!isQuiet) printMessage("warning", warning.what());
    }
    return objection;
}

void failStrict(const Selection& selection, std::optional<Objection> objection) {
    if (!selection.skipped.empty() && (!objection || selection.skipped.front().ref < objection->ref)) {
        objection = {selection.skipped.front().ref, "is skipped: " + selection.skipped.front().reason};
    }
    if (!objection) return;
    const auto& [ref, reason] = *objection;
    throw quant::InputError(selection.fileOf(ref).path(), selection.info(ref).name, reason + " (--strict)");
}

void runAnalyze(const AnalyzeArguments& arguments, Global& global) {
    const auto start = std::chrono::steady_clock::now();
    arguments.targets.check(arguments.inputs.paths);
    checkMethods(arguments.options, "analyze");
    const Selection selection =
        selectTensors(arguments.inputs, arguments.filters, arguments.options.granularity);
    arguments.targets.check(selection.sourcePaths());
    arguments.targets.check(sourcePaths(arguments.options.metric));
    Reports reports(arguments,
                    global.isQuiet);  // before the work: it would be lost if they cannot be written
    Context context(global);
    reports.check(context.device);
    quant::Analyzer analyzer(context.device, global.memoryBytes, global.path);
    const AnalyzeRun run{selection, arguments.options, context.device.info()};
    if (!global.isQuiet) noteSelection(selection);
    reports.begin(run);
    const auto objection = analyzeAll(run, analyzer, reports, global.isQuiet);
    const std::chrono::duration<double> total = std::chrono::steady_clock::now() - start;
    const auto& [read, upload] = analyzer.stream().times();
    const Seconds seconds{total.count(), read, upload, context.device.busySeconds()};
    const auto& raw = arguments.inputs.raw;
    reports.draw(context.device, global, raw ? raw->name() : "");
    reports.finish(seconds);
    if (arguments.isStrict) failStrict(selection, objection);
}

void addQuestionOptions(CLI::App& command, quant::AnalysisOptions& options) {
    addOption(command, "--bits", "LIST", "bit widths of integers, 1 to 16: 4, 2-8 or 4,8 (default 4)",
              [&](const std::string& text) { options.bits = bitsFrom(text); });
    addOption(command, "--format", formatWords(),
              "number formats instead of --bits: one or several, as fp8-e4m3,int8-affine,mxfp4",
              [&](const std::string& text) { options.formats = formatsFrom(text); });
    addOption(command, "--method", methodWords(),
              "how clips are chosen: one or several, as octav,max (default octav)",
              [&](const std::string& text) { options.methods = methodsFrom(text); });
    addGranularityOption(command, options.granularity);
    addSignOption(command, options.sign);
    addMetricOption(command, options.metric);
}

}  // namespace

void addAnalyzeCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<AnalyzeArguments>();
    CLI::App& command = addCommand(root, global, "analyze", "Find the clip of every tensor of some files",
                                   examples, [arguments, &global] { runAnalyze(*arguments, global); });
    command.add_option("INPUT", arguments->inputs.paths, inputHelp)->required()->type_name("FILE");
    addRawOption(command, arguments->inputs.raw);
    addQuestionOptions(command, arguments->options);
    exclude(command, "--format", {"--bits", "--sign"});
    addFilterOption(command, arguments->filters);
    addJsonOption(command, arguments->targets.json);
    addCsvOption(command, arguments->targets.csv);
    addPlotOption(
        command, arguments->targets.plot,
        "draw the SQNR of every tensor (the worst, where there are many), or of a single tensor the "
        "error over its clip, 1280x720");
    command.add_flag("--strict", arguments->isStrict, "fail with 3 on NaN, Inf or a skipped tensor")
        ->disable_flag_override();
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
