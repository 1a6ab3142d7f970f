#include "app/command_tree.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <ranges>

namespace app {

namespace {

// "channel:AXIS" is offered as "channel:"; "FILE" and "-" are no words.
std::vector<std::string> wordsOf(const std::string& type) {
    std::vector<std::string> words;
    for (const auto part : std::views::split(type, '|')) {
        std::string word(part.begin(), part.end());
        if (word.empty() || !std::islower(static_cast<unsigned char>(word.front()))) continue;
        word = word.substr(0, word.find(':') + (word.contains(':') ? 1 : 0));
        if (!std::ranges::contains(words, word)) words.push_back(word);
    }
    return words;
}

OptionWords describe(const CLI::Option& option) {
    OptionWords words;
    for (const auto& name : option.get_snames()) words.names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) words.names.push_back("--" + name);
    if (option.get_positional()) words.placeholder = option.get_name(true);
    if (option.get_items_expected_max() > 0) words.type = option.get_type_name();
    words.description = option.get_description();
    words.words = wordsOf(words.type);
    words.takesFile = words.type.starts_with("FILE");
    return words;
}

CommandWords describe(const CLI::App& command, const std::string& name) {
    CommandWords words{name, command.get_description(), command.get_footer(), {}, {}};
    for (const CLI::Option* option : command.get_options()) {
        (option->get_positional() ? words.positionals : words.options).push_back(describe(*option));
    }
    return words;
}

}  // namespace

std::vector<CommandWords> commandTree(const CLI::App& root) {
    std::vector<CommandWords> commands = {describe(root, "")};
    for (const CLI::App* command : root.get_subcommands([](const CLI::App*) { return true; })) {
        commands.push_back(describe(*command, command->get_name()));
    }
    return commands;
}

}  // namespace app
