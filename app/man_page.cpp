#include "app/man_page.h"

#include "app/output.h"

#include <CLI/CLI.hpp>

#include <sstream>

namespace app {

namespace {

constexpr const char* examples = "  clipscope man | man -l -";

// Text that roff prints as it is.
std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        const bool startsLine = result.empty() || result.back() == '\n';
        if (startsLine && (c == '.' || c == '\'')) result += "\\&";
        if (c == '\\')
            result += "\\e";
        else if (c == '-')
            result += "\\-";
        else if (c == '|')
            result += "|\\:";  // lists of words may break here
        else
            result += c;
    }
    return result;
}

std::string optionEntry(const OptionWords& option) {
    std::string names;
    for (const auto& name : option.names)
        names += (names.empty() ? "\\fB" : ", \\fB") + escaped(name) + "\\fR";
    if (names.empty())
        names = "\\fI" + escaped(option.placeholder) + "\\fR";
    else if (option.takesValue())
        names += " \\fI" + escaped(option.type) + "\\fR";
    return ".TP\n" + names + "\n" + escaped(option.description) + "\n";
}

std::string examplesEntry(const std::string& footer) {
    return ".PP\n.nf\n" + escaped(footer) + "\n.fi\n";
}

std::string commandEntry(const CommandWords& command) {
    std::string text = ".SS clipscope " + command.name + "\n" + escaped(command.description) + "\n";
    for (const auto& positional : command.positionals) text += optionEntry(positional);
    for (const auto& option : command.options) text += optionEntry(option);
    return text + examplesEntry(command.footer);
}

// Pairs of a term and what it means, one pair a line, separated by a blank.
std::string definitions(const char* lines) {
    std::istringstream stream(lines);
    std::string text, line;
    while (std::getline(stream, line)) {
        const size_t blank = line.find(' ');
        text +=
            ".TP\n\\fB" + escaped(line.substr(0, blank)) + "\\fR\n" + escaped(line.substr(blank + 1)) + "\n";
    }
    return text;
}

constexpr const char* exitCodes =
    "0 done\n"
    "1 internal failure\n"
    "2 the command line cannot be understood\n"
    "3 an input cannot be used\n"
    "4 no usable device\n"
    "5 an output could not be written\n"
    "130 interrupted\n"
    "143 ended by SIGTERM";

constexpr const char* environment =
    "NO_COLOR when set and not empty, nothing is coloured\n"
    "COLUMNS width to print tables in\n"
    "VK_DRIVER_FILES the Vulkan drivers to use, as the Vulkan loader reads it\n"
    "CLIPSCOPE_VALIDATION when 1, the Vulkan validation layers check every call; their messages fail the "
    "run\n"
    "CLIPSCOPE_SHADERS folder of shaders to compile instead of the built-in ones";

}  // namespace

std::string manPage(const std::vector<CommandWords>& commands) {
    const CommandWords& root = commands.front();
    std::string text =
        ".TH CLIPSCOPE 1 \"\" \"clipscope " CLIPSCOPE_VERSION
        "\" \"User Commands\"\n"
        ".SH NAME\nclipscope \\- find the quantization clip of every tensor of a model\n"
        ".SH SYNOPSIS\n.B clipscope\n\\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n"
        ".SH DESCRIPTION\n" +
        escaped(root.description) + "\n";
    for (const auto& option : root.options) text += optionEntry(option);
    text += ".SH COMMANDS\n";
    for (size_t i = 1; i < commands.size(); ++i) text += commandEntry(commands[i]);
    return text + ".SH EXIT STATUS\n" + definitions(exitCodes) + ".SH ENVIRONMENT\n" +
           definitions(environment);
}

void addManCommand(CLI::App& root, Global& global) {
    addCommand(root, global, "man", "Print the manual page", examples,
               [&root] { printText(manPage(commandTree(root))); });
}

}  // namespace app
