#include "app/devices_command.h"

#include "app/context.h"
#include "app/device_properties.h"
#include "app/devices_json.h"
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

std::string tableOf(const std::vector<engine::DeviceInfo>& devices, const engine::DeviceInfo* best) {
    TextTable table({Align::Left, Align::Left});
    for (const auto& info : devices) {
        const std::string mark = &info == best ? "* " : "  ";
        table.addRow({{mark + std::to_string(info.index), Style::Strong},
                      {quant::printable(info.name), Style::Strong}});
        std::string previous;
        for (const auto& [name, value] : devicePropertiesOf(info)) {
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
