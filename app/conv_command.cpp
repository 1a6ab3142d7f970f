#include "app/conv_command.h"

#include "app/ceilings.h"
#include "app/context.h"
#include "app/conv_options.h"
#include "app/conv_report.h"
#include "app/conv_run.h"
#include "app/conv_series.h"
#include "app/npy_operand.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/terminal.h"
#include "app/usage_error.h"
#include "quant/convolution_check.h"

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
    "  clipscope conv\n"
    "  clipscope conv --channels 32 --filters 48 --height 28 --width 28 --kernel 5 --stride 2 --type int8 "
    "--check\n"
    "  clipscope conv --channels 96 --filters 96 --groups 96 --height 14 --width 14 --path direct\n"
    "  clipscope conv --table --channels 16 --filters 16 --height 20 --width 20 --repeat 1\n"
    "  clipscope conv --input input.npy --weights kernels.npy --padding 1,0,1,0 --check -o output.npy --json "
    "-";

void checkArguments(const ConvArguments& arguments) {
    const std::vector<std::string> inputs = {arguments.source.input, arguments.source.weights};
    arguments.targets.check(inputs);
    checkOutput(arguments.output, inputs, arguments.targets.json, "conv");
}

// Says which paths can where the one asked for cannot.
void checkPath(const ConvArguments& arguments, const quant::ConvolutionShape& shape) {
    if (!arguments.path) return;
    const quant::GemmTypes types = arguments.source.types;
    const std::string problem = quant::Convolution::problemOf(types, shape, *arguments.path);
    if (problem.empty()) return;
    std::string able;
    for (const quant::ConvolutionPath path : quant::Convolution::paths(types, shape))
        able += (able.empty() ? "" : ", ") + std::string(name(path));
    throw UsageError(problem + "; this convolution of " + convTypeName(types) + " can go by " + able, "conv");
}

// Returns the output.
std::vector<std::byte> addSingle(ConvRun& run, engine::Device& device, const ConvArguments& arguments,
                                 const ConvInputs& inputs) {
    const quant::HostConvolution host = inputs.read();
    const DeviceConvolution onDevice(device, host);
    quant::Convolution convolution(device);
    const auto path = arguments.path.value_or(convolution.pathFor(onDevice.problem()));
    ConvResult result = onDevice.measure(convolution, path, arguments.repeat);
    auto bytes = onDevice.result();
    if (arguments.isChecked) result.measured.check = quant::ConvolutionReference(host).check(bytes, path);
    run.results.push_back(std::move(result));
    return bytes;
}

std::vector<std::byte> compute(ConvRun& run, engine::Device& device, const ConvArguments& arguments,
                               const ConvInputs& inputs, bool isQuiet) {
    std::vector<std::byte> bytes;
    try {
        if (arguments.isTable)
            addEveryPath(run, device, arguments.source, arguments.repeat, isQuiet);
        else
            bytes = addSingle(run, device, arguments, inputs);
    } catch (const std::invalid_argument& error) {  // a product that the path needs and none can multiply
        throw UsageError(error.what(), "conv");
    }
    eraseProgress();
    return bytes;
}

void report(ConvRun& run, engine::Device& device, const ConvArguments& arguments, std::optional<Output>& json,
            bool isQuiet) {
    if (isQuiet && !json && !arguments.output.empty()) return;
    run.ceilings = measureCeilings(device, run.hasIntegers());
    if (json) writeWhole(*json, arguments.isTable ? convListJson(run) : convJson(run));
    if (arguments.targets.takeStdout() || (isQuiet && json)) return;
    printText(convTable(run, wantsColour(STDOUT_FILENO)));
}

// Empty where all that was checked is right.
std::string problemOf(const ConvRun& run) {
    for (const ConvResult& result : run.results) {
        const auto& check = result.measured.check;
        if (check && !check->isPassed())
            return convTypeName(result.measured.types) + " by path " + std::string(name(result.path)) + ": " +
                   check->problem();
    }
    return "";
}

void runConv(const ConvArguments& arguments, Global& global) {
    checkArguments(arguments);
    const ConvInputs inputs(arguments.source);
    const quant::ConvolutionShape& shape = inputs.shape();
    checkPath(arguments, shape);
    std::optional<Output> json;
    if (!arguments.targets.json.empty()) json.emplace(arguments.targets.json);
    auto output = openedResult(arguments.output, "output", arguments.source.types,
                               {shape.images, shape.filters, outputHeight(shape), outputWidth(shape)});
    Context context(global);
    checkMemory("the convolution", inputs.sizeBytes(), context.device.info());
    ConvRun run{
        .device = context.device.info(), .shape = shape, .ceilings = {}, .results = {}, .skipped = {}};
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

void addConvCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<ConvArguments>();
    CLI::App& command =
        addCommand(root, global, "conv",
                   "Convolve images in two dimensions: how fast each path of the device is, and how "
                   "exact",
                   examples, [arguments, &global] { runConv(*arguments, global); });
    addConvOptions(command, *arguments);
    addJsonOption(command, arguments->targets.json);
    addDeviceOption(command, global);
    addQuietOption(command, global);
}

}  // namespace app
