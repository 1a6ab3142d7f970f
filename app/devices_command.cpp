#include "app/devices_command.h"

#include "app/context.h"
#include "app/devices_json.h"
#include "app/number_text.h"
#include "app/output.h"
#include "app/terminal.h"
#include "app/text_table.h"
#include "engine/error.h"
#include "quant/input_error.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <memory>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope devices\n"
    "  clipscope devices --json -";

std::string joined(const std::vector<std::string>& parts, const char* empty) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
    return text.empty() ? empty : text;
}

std::string subgroupText(const engine::DeviceInfo& info) {
    if (info.minSubgroupSize == info.maxSubgroupSize) return std::to_string(info.subgroupSize);
    return std::to_string(info.subgroupSize) + " (" + std::to_string(info.minSubgroupSize) + " to " +
           std::to_string(info.maxSubgroupSize) + ")";
}

std::string atomicsText(const engine::DeviceInfo& info) {
    std::vector<std::string> kinds;
    if (info.bufferInt64Atomics) kinds.emplace_back("buffers");
    if (info.sharedInt64Atomics) kinds.emplace_back("shared memory");
    return joined(kinds, "no");
}

// "8x8x8 float16 -> float32": m×n×k, type of A (and B), type of the result.
std::vector<std::string> matrixTexts(const engine::DeviceInfo& info) {
    std::vector<std::string> texts;
    for (const auto& [m, n, k, a, b, c, result] : info.cooperativeMatrices) {
        const std::string factors = a == b ? a : a + "*" + b;
        const std::string sum = c == result ? result : c + " -> " + result;
        texts.push_back(shapeText({m, n, k}) + " " + factors + " -> " + sum);
    }
    if (texts.empty()) texts.emplace_back("no");
    return texts;
}

// Names and values, one below the other: the texts are too long for columns.
std::vector<std::pair<std::string, std::string>> propertiesOf(const engine::DeviceInfo& info) {
    std::vector<std::pair<std::string, std::string>> rows = {{"driver", info.driver},
                                                             {"type", std::string(engine::name(info.type))}};
    if (!info.isUsable()) rows.emplace_back("unusable, lacks", joined(info.missing, ""));
    if (info.subgroupSize == 0) return rows;  // too old to be asked
    rows.emplace_back("memory",
                      sizeText(info.memoryBytes) + (info.unifiedMemory ? ", shared with the host" : ""));
    rows.emplace_back("shared memory", sizeText(info.sharedMemoryBytes));
    rows.emplace_back("subgroup size", subgroupText(info));
    rows.emplace_back("int64 atomics", atomicsText(info));
    rows.emplace_back("dot product", info.integerDotProduct ? "yes" : "no");
    for (const auto& text : matrixTexts(info)) rows.emplace_back("cooperative matrix", text);
    return rows;
}

std::string tableOf(const std::vector<engine::DeviceInfo>& devices, const engine::DeviceInfo* best) {
    TextTable table({Align::Left, Align::Left});
    for (const auto& info : devices) {
        const std::string mark = &info == best ? "* " : "  ";
        table.addRow({{mark + std::to_string(info.index), Style::Strong},
                      {quant::printable(info.name), Style::Strong}});
        std::string previous;
        for (const auto& [name, value] : propertiesOf(info)) {
            table.addRow({{name == previous ? "" : "    " + name, Style::Faint}, {quant::printable(value)}});
            previous = name;
        }
    }
    const std::string text = table.render({{}, 1, wantsColour(STDOUT_FILENO)});
    return text + (best ? "\n* is used unless --device says otherwise\n" : "\nno device can be used\n");
}

const engine::DeviceInfo* bestOf(const std::vector<engine::DeviceInfo>& devices) {
    try {
        return &engine::chooseDevice(devices, "");
    } catch (const engine::NoDevice&) {
        return nullptr;  // the table says what each lacks
    }
}

void runDevices(const ReportTargets& targets, Global& global) {
    const engine::Instance instance = openInstance(global);
    const engine::DeviceInfo* best = bestOf(instance.devices());
    if (!targets.json.empty()) {
        Output output(targets.json);
        output.write(devicesJson(instance.devices(), best));
        output.commit();
    }
    const bool isQuiet = global.isQuiet && !targets.json.empty();
    if (!targets.takeStdout() && !isQuiet) printText(tableOf(instance.devices(), best));
}

}  // namespace

void addDevicesCommand(CLI::App& root, Global& global) {
    const auto targets = std::make_shared<ReportTargets>();
    CLI::App& command = addCommand(root, global, "devices", "List the Vulkan devices and what each can do",
                                   examples, [targets, &global] { runDevices(*targets, global); });
    addJsonOption(command, targets->json);
    addQuietOption(command, global);
}

}  // namespace app
