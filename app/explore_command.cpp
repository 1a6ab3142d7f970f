#include "app/explore_command.h"

#include "app/command.h"
#include "app/context.h"
#include "app/explorer/explorer_host.h"
#include "app/explorer/explorer_window.h"
#include "app/explorer/settings.h"
#include "app/messages.h"
#include "app/session_options.h"
#include "app/usage_error.h"
#include "engine/error.h"
#include "engine/surface.h"
#include "quant/input_error.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope explore\n"
    "  clipscope explore model.safetensors --tensor features.0.weight\n"
    "  clipscope explore --session saved.json --theme light";

constexpr const char* scaleVariable = "CLIPSCOPE_SCALE";

struct ExploreArguments {
    SessionOptions session;
    std::optional<float> scale;
};

// Of the devices that can show something in a window, since others could only compute.
engine::DeviceInfo chooseShowingDevice(const engine::Instance& instance, const std::string& wanted) {
    const engine::DeviceInfo chosen = engine::chooseDevice(instance.devices(), wanted);
    if (engine::canPresent(instance, chosen)) return chosen;
    std::vector<engine::DeviceInfo> able = instance.devices();
    std::erase_if(able, [&](const engine::DeviceInfo& info) { return !engine::canPresent(instance, info); });
    if (wanted.empty() && !able.empty()) return engine::chooseDevice(able, "");
    throw engine::NoDevice(
        (able.empty() ? "no Vulkan device can show pictures in a window of this display"
                      : "'" + chosen.name + "' cannot show pictures in a window of this display") +
        std::string("; `clipscope render` draws without one, `clipscope serve` shows the explorer in a "
                    "browser"));
}

std::optional<float> scaleOf(const ExploreArguments& arguments) {
    if (arguments.scale) return arguments.scale;
    const char* text = std::getenv(scaleVariable);
    if (text == nullptr || *text == '\0') return std::nullopt;
    try {
        return scaleFrom(text);
    } catch (const std::invalid_argument& error) {
        throw UsageError(std::string(scaleVariable) + ": " + error.what(), "explore");
    }
}

// What there is of a session, and a word about the rest.
void showSaved(Explorer& explorer, const Session& session) {
    for (const std::string& missing : explorer.showWhatIsThere(session))
        explorer.notify(NoticeKind::Warning, missing);
}

// What the command line names must be there; what is only remembered need not be any more.
void showFirst(Explorer& explorer, const SessionOptions& options, const Settings& settings) {
    Session start;
    start.theme = settings.theme;
    if (!options.session.empty()) return showSaved(explorer, sessionOf(options, start));
    if (options.namesSomething()) return explorer.show(sessionOf(options, start));
    try {
        showSaved(explorer, sessionOf(options, settings.session.value_or(start)));
    } catch (const quant::InputError& error) {
        Session empty = settings.session.value_or(start);
        empty.inputs.clear();
        explorer.show(sessionOf(options, empty));
        explorer.notify(NoticeKind::Warning,
                        std::string("The files of the last time cannot be opened: ") + error.what());
    }
}

void save(Settings settings, const ExplorerHost& host, const WindowPlace& place) {
    const Session session = host.session();
    settings.recentFiles = host.recentFiles();
    settings.window = place;
    settings.theme = session.theme;
    settings.session = session;
    for (const std::string& input : session.inputs) remember(settings, input);
    if (const auto path = settingsPath(); !path.empty() && !saveSettings(settings, path))
        printMessage("warning", path.string() + ": the session cannot be kept there");
}

void runExplore(const ExploreArguments& arguments, Global& global) {
    const std::optional<float> scale = scaleOf(arguments);
    const Display display;
    const LoadedSettings loaded = loadSettings(settingsPath());
    if (!loaded.note.empty() && !global.isQuiet) printMessage("warning", loaded.note);
    const engine::Instance instance = openInstance(global, engine::windowExtensions());
    const auto open = [&] {
        const engine::DeviceInfo info = chooseShowingDevice(instance, global.device);
        checkPath(global, info);
        return std::make_unique<engine::Device>(instance, info);
    };
    ExplorerHost host(open, global.memoryBytes, global.path);
    host.explorer().setRecentFiles(loaded.settings.recentFiles);
    showFirst(host.explorer(), arguments.session, loaded.settings);
    ExplorerWindow window(display, instance, host, loaded.settings.window, scale);
    try {
        window.run();
    } catch (...) {
        save(loaded.settings, host, window.place());
        throw;
    }
    save(loaded.settings, host, window.place());
}

}  // namespace

void addExploreCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<ExploreArguments>();
    CLI::App& command = addCommand(root, global, "explore", "Explore clips in a window", examples,
                                   [arguments, &global] { runExplore(*arguments, global); });
    addSessionOptions(command, arguments->session);
    addOption(
        command, "--scale", "S",
        std::string("pixels to a logical pixel, 0.5 to 8 (default: the monitor's, or ") + scaleVariable + ")",
        [arguments](const std::string& text) { arguments->scale = scaleFrom(text); });
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
