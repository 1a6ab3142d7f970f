#include "app/command_line.h"

#include "app/analyze_command.h"
#include "app/calibrate_command.h"
#include "app/command_tree.h"
#include "app/compare_command.h"
#include "app/completion.h"
#include "app/conv_command.h"
#include "app/devices_command.h"
#include "app/did_you_mean.h"
#include "app/explore_command.h"
#include "app/gemm_command.h"
#include "app/help_format.h"
#include "app/man_page.h"
#include "app/output.h"
#include "app/quantize_command.h"
#include "app/recommend_command.h"
#include "app/render_command.h"
#include "app/sweep_command.h"
#include "app/usage_error.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace app {

namespace {

constexpr const char* version = "clipscope " CLIPSCOPE_VERSION;

constexpr const char* rootExamples =
    "  clipscope analyze model.safetensors --bits 4,8\n"
    "  clipscope analyze weights.npz --method octav,max --json -\n"
    "  clipscope explore model.safetensors\n"
    "  clipscope devices";

void describeRoot(CLI::App& root) {
    root.name("clipscope");
    root.description("Finds the quantization clip of every tensor of a model, on any Vulkan device.");
    root.footer(std::string("Examples:\n") + rootExamples +
                "\n\n`clipscope COMMAND --help` explains a command.");
    root.set_help_flag("-h,--help", "print this help");
    root.set_version_flag("--version", version, "print the version and exit");
    root.require_subcommand(1);
    root.formatter(std::make_shared<HelpFormat>());
}

const CLI::App& chosen(const CLI::App& root) {
    const auto commands = root.get_subcommands();
    return commands.empty() ? root : *commands.front();
}

std::vector<std::string> commandNames(const CLI::App& root) {
    std::vector<std::string> names;
    for (const CommandWords& command : commandTree(root)) names.push_back(command.name);
    return names;
}

std::vector<std::string> optionNames(const CLI::App& root, const std::string& commandName) {
    std::vector<std::string> names;
    for (const CommandWords& command : commandTree(root)) {
        if (command.name != commandName) continue;
        for (const auto& option : command.options)
            names.insert(names.end(), option.names.begin(), option.names.end());
    }
    return names;
}

// What is wrong with the first argument that nothing takes.
std::string unknownArgument(const CLI::App& root, const std::vector<std::string>& extras) {
    const bool hasCommand = &chosen(root) != &root;
    const auto option = std::ranges::find_if(extras, [](const auto& text) { return text.starts_with('-'); });
    if (option != extras.end()) {
        const std::string name = option->substr(0, option->find('='));
        const auto known = optionNames(root, hasCommand ? chosen(root).get_name() : "");
        if (std::ranges::contains(known, name)) return "option '" + name + "' belongs after the command";
        return "unknown option '" + name + "'" + didYouMean(name, known);
    }
    const std::string& text = extras.front();
    if (hasCommand) return "unexpected argument '" + text + "'";
    return "unknown command '" + text + "'" + didYouMean(text, commandNames(root));
}

// CLI11's own messages for what is rarer are one line each.
std::string problemOf(const CLI::App& root, const CLI::ParseError& error) {
    const auto extras = root.remaining(true);
    if (!extras.empty()) return unknownArgument(root, extras);
    if (&chosen(root) == &root && error.get_name() == "RequiredError") return "a command is needed";
    std::string text = error.what();
    if (error.get_name() == "ExcludesError")
        return text.replace(text.find(" excludes "), std::string(" excludes ").size(),
                            " cannot be combined with ");
    const std::string option = text.substr(0, text.find(':'));
    if (error.get_name() != "ArgumentMismatch" || option == text) return text;
    if (text.ends_with("missing")) return option + " needs a value";
    return text.contains("At Most") ? option + " is given more than once" : text;
}

}  // namespace

void runCommandLine(int argc, const char* const* argv, Global& global) {
    CLI::App root;
    describeRoot(root);
    addAnalyzeCommand(root, global);
    addCompareCommand(root, global);
    addRecommendCommand(root, global);
    addCalibrateCommand(root, global);
    addSweepCommand(root, global);
    addExploreCommand(root, global);
    addRenderCommand(root, global);
    addQuantizeCommand(root, global);
    addGemmCommand(root, global);
    addConvCommand(root, global);
    addDevicesCommand(root, global);
    addCompletionCommand(root, global);
    addManCommand(root, global);
    try {
        root.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        printText(root.help());
        return;
    } catch (const CLI::CallForVersion&) {
        printText(std::string(version) + "\n");
        return;
    } catch (const CLI::ParseError& error) {
        throw UsageError(problemOf(root, error), &chosen(root) == &root ? "" : chosen(root).get_name());
    }
    global.action();
}

}  // namespace app
