#include "app/gemm_command.h"

#include "app/ceilings.h"
#include "app/context.h"
#include "app/gemm_options.h"
#include "app/gemm_report.h"
#include "app/gemm_run.h"
#include "app/gemm_series.h"
#include "app/npy_operand.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/terminal.h"
#include "app/usage_error.h"
#include "quant/product_check.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope gemm\n"
    "  clipscope gemm --m 64 --n 512 --k 256 --type int8 --path tiled --tile 8x3x32 --check\n"
    "  clipscope gemm --table --m 64 --n 96 --k 128\n"
    "  clipscope gemm --roofline --type fp16 --repeat 3\n"
    "  clipscope gemm --a weights.npy --b weights.npy --transpose-b --check -o product.npy --json -";

constexpr uint32_t usualExtent = 1024;

void checkArguments(const GemmArguments& arguments) {
    const GemmSource& source = arguments.source;
    const std::vector<std::string> inputs = {source.a, source.b, source.c};
    if (arguments.choice.tile && !arguments.choice.path)
        throw UsageError("--tile needs a --path other than auto", "gemm");
    if (arguments.choice.path == quant::GemmPath::Reference &&
        arguments.choice.tile.value_or(quant::GemmTile()) != quant::GemmTile())
        throw UsageError("--tile means nothing on path 'reference'", "gemm");
    arguments.targets.check(inputs);
    checkOutput(arguments.output, inputs, arguments.targets.json, "gemm");
}

// Returns C.
std::vector<std::byte> addSingle(GemmRun& run, engine::Device& device, const GemmArguments& arguments,
                                 const GemmInputs& inputs, bool isQuiet) {
    const quant::HostProduct product = inputs.read();
    DeviceProduct onDevice(device, product);
    quant::Gemm gemm(device);
    quant::GemmTuner tuner(device);
    const auto plan = arguments.choice.planFor(tuner, onDevice.problem(), isQuiet);
    GemmResult result = onDevice.measure(gemm, plan, arguments.choice.repeat);
    auto bytes = onDevice.result();
    if (arguments.isChecked) result.measured.check = quant::ProductReference(product).check(bytes);
    run.results.push_back(std::move(result));
    return bytes;
}

std::vector<std::byte> compute(GemmRun& run, engine::Device& device, const GemmArguments& arguments,
                               const GemmInputs& inputs, bool isQuiet) {
    const auto& [source, choice, output, isChecked, isTable, isRoofline, targets] = arguments;
    std::vector<std::byte> bytes;
    try {
        if (isTable)
            addEveryPath(run, device, source, choice.repeat, isQuiet);
        else if (isRoofline)
            addRoofline(run, device, source, choice, isQuiet);
        else
            bytes = addSingle(run, device, arguments, inputs, isQuiet);
    } catch (const std::invalid_argument& error) {  // a path or a tile that the device cannot take
        throw UsageError(error.what(), "gemm");
    }
    eraseProgress();
    return bytes;
}

void report(GemmRun& run, engine::Device& device, const GemmArguments& arguments, std::optional<Output>& json,
            bool isQuiet) {
    const auto& [source, choice, output, isChecked, isTable, isRoofline, targets] = arguments;
    if (isQuiet && !json && !output.empty()) return;
    run.ceilings = measureCeilings(device, run.hasIntegers());
    if (json) {
        writeWhole(*json, isTable ? gemmListJson(run) : isRoofline ? rooflineJson(run) : gemmJson(run));
    }
    if (targets.takeStdout() || (isQuiet && json)) return;
    const bool hasColour = wantsColour(STDOUT_FILENO);
    printText(isRoofline ? rooflineTable(run, hasColour) : gemmTable(run, hasColour));
}

// Empty where all that was checked is right.
std::string problemOf(const GemmRun& run) {
    for (const GemmResult& result : run.results) {
        const auto& check = result.measured.check;
        if (check && !check->isPassed())
            return name(result.measured.types) + " by path " + std::string(name(result.plan.path)) + ": " +
                   check->problem();
    }
    return "";
}

void runGemm(const GemmArguments& arguments, Global& global) {
    checkArguments(arguments);
    const GemmInputs inputs(arguments.source, arguments.isTable ? tableExtent : usualExtent);
    std::optional<Output> json;
    if (!arguments.targets.json.empty()) json.emplace(arguments.targets.json);
    auto output = openedResult(arguments.output, "c", arguments.source.types, {inputs.m(), inputs.n()});
    Context context(global);
    if (!arguments.isRoofline) checkMemory("the product", inputs.sizeBytes(), context.device.info());
    GemmRun run{.device = context.device.info(), .ceilings = {}, .results = {}, .skipped = {}};
    const auto bytes = compute(run, context.device, arguments, inputs, global.isQuiet);
    const std::string problem = problemOf(run);  // what is wrong is reported, but not kept
    if (output && problem.empty()) {
        output->write(bytes);
        output->commit();
    }
    report(run, context.device, arguments, json, global.isQuiet);
    if (!problem.empty()) throw std::runtime_error(problem);
}

}  // namespace

void addGemmCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<GemmArguments>();
    CLI::App& command =
        addCommand(root, global, "gemm",
                   "Multiply matrices, C = alpha*A*B + beta*C: how fast each path of the device "
                   "is, and how exact",
                   examples, [arguments, &global] { runGemm(*arguments, global); });
    addGemmOptions(command, *arguments);
    addJsonOption(command, arguments->targets.json);
    addDeviceOption(command, global);
    addQuietOption(command, global);
}

}  // namespace app
