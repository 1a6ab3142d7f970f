#include "app/completion.h"

#include "app/did_you_mean.h"
#include "app/output.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <stdexcept>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope completion bash > ~/.local/share/bash-completion/completions/clipscope\n"
    "  clipscope completion zsh > ~/.zfunc/_clipscope\n"
    "  clipscope completion fish > ~/.config/fish/completions/clipscope.fish";

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : separator) + part;
    return text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

// In single quotes: the only thing to mind is a single quote.
std::string quoted(const std::string& text) {
    return "'" + replaced(text, "'", "'\\''") + "'";
}
std::string fishQuoted(const std::string& text) {
    return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::vector<std::string> namesOf(const std::vector<CommandWords>& commands) {
    std::vector<std::string> names;
    for (const auto& command : commands) {
        if (!command.name.empty()) names.push_back(command.name);
    }
    return names;
}

std::string optionNames(const CommandWords& command) {
    std::vector<std::string> names;
    for (const auto& option : command.options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    return joined(names, " ");
}

// What bash offers for a value.
std::string bashReply(const std::vector<OptionWords>& values) {
    std::vector<std::string> words;
    bool takesFile = false;
    for (const auto& value : values) {
        words.insert(words.end(), value.words.begin(), value.words.end());
        takesFile = takesFile || value.takesFile;
    }
    if (takesFile) return "_clipscope_reply -f";
    return words.empty() ? ":" : "_clipscope_reply -W '" + joined(words, " ") + "'";
}

std::string bashValueCases(const CommandWords& command) {
    std::string text;
    for (const auto& option : command.options) {
        if (!option.takesValue()) continue;
        std::vector<std::string> patterns;
        for (const auto& name : option.names) patterns.push_back(command.name + ":" + name);
        text += "        " + joined(patterns, " | ") + ") " + bashReply({option}) + "; return ;;\n";
    }
    return text;
}

std::string zshDescription(const OptionWords& option) {
    return "[" + replaced(replaced(option.description, "[", "\\["), "]", "\\]") + "]";
}

std::string zshValue(const OptionWords& option) {
    const std::string type = replaced(option.type, ":", "\\:");
    if (option.takesFile) return ":" + type + ":_files";
    return ":" + type + ":" + (option.words.empty() ? "" : "(" + joined(option.words, " ") + ")");
}

std::string zshArguments(const CommandWords& command) {
    std::string text = command.name.empty() ? "_arguments -C" : "_arguments";
    for (const auto& option : command.options) {
        for (const auto& name : option.names) {
            text += " \\\n            " +
                    quoted(name + zshDescription(option) + (option.takesValue() ? zshValue(option) : ""));
        }
    }
    for (const auto& positional : command.positionals)
        text += " \\\n            " + quoted("*" + zshValue(positional));
    return text;
}

std::string fishLine(const std::string& condition, const OptionWords& option) {
    std::string text = "complete -c clipscope -n " + fishQuoted(condition);
    for (const auto& name : option.names) {
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (option.takesFile)
        text += option.names.empty() ? " -F" : " -r -F";
    else if (option.takesValue())
        text += (option.names.empty() ? "" : " -x");
    if (!option.words.empty()) text += " -a " + fishQuoted(joined(option.words, " "));
    return text + " -d " + fishQuoted(option.description) + "\n";
}

std::string scriptFor(const std::string& shell, const CLI::App& root) {
    const auto commands = commandTree(root);
    if (shell == "bash") return bashCompletion(commands);
    return shell == "zsh" ? zshCompletion(commands) : fishCompletion(commands);
}

void checkShell(const std::string& shell) {
    if (shell == "bash" || shell == "zsh" || shell == "fish") return;
    throw std::invalid_argument("'" + shell + "' is none of bash, zsh, fish" +
                                didYouMean(shell, {"bash", "zsh", "fish"}));
}

}  // namespace

std::string bashCompletion(const std::vector<CommandWords>& commands) {
    std::string values, options, positionals;
    for (const auto& command : commands) {
        values += bashValueCases(command);
        options += "            " + quoted(command.name) + ") _clipscope_reply -W '" + optionNames(command) +
                   "' ;;\n";
        if (command.positionals.empty()) continue;
        positionals += "        " + command.name + ") " + bashReply(command.positionals) + " ;;\n";
    }
    return "# bash completion for clipscope\n"
           "_clipscope_reply() { mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$current\"); }\n"
           "_clipscope() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' "
           "word\n"
           "    COMPREPLY=()\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case $word in " +
           joined(namesOf(commands), " | ") +
           ") command=$word; break ;; esac\n"
           "    done\n"
           "    case $command:$previous in\n" +
           values +
           "    esac\n"
           "    if [[ $current == -* ]]; then\n"
           "        case $command in\n" +
           options +
           "        esac\n"
           "        return\n"
           "    fi\n"
           "    case $command in\n"
           "        '') _clipscope_reply -W '" +
           joined(namesOf(commands), " ") + "' ;;\n" + positionals +
           "    esac\n"
           "}\n"
           "complete -o filenames -F _clipscope clipscope\n";
}

std::string zshCompletion(const std::vector<CommandWords>& commands) {
    std::string descriptions, cases;
    for (const auto& command : commands) {
        if (command.name.empty()) continue;
        descriptions += "        " + quoted(command.name + ":" + command.description) + "\n";
        cases += "        " + command.name + ") " + zshArguments(command) + " ;;\n";
    }
    return "#compdef clipscope\n"
           "_clipscope() {\n"
           "    local context state line\n"
           "    local -a commands=(\n" +
           descriptions +
           "    )\n"
           "    " +
           zshArguments(commands.front()) +
           " \\\n"
           "            '1:command:->command' '*::argument:->arguments'\n"
           "    case $state in\n"
           "    command) _describe -t commands command commands ;;\n"
           "    arguments) case $words[1] in\n" +
           cases +
           "        esac ;;\n"
           "    esac\n"
           "}\n"
           "if [ \"$funcstack[1]\" = _clipscope ]; then _clipscope \"$@\"; else compdef _clipscope "
           "clipscope; fi\n";
}

std::string fishCompletion(const std::vector<CommandWords>& commands) {
    std::string text = "# fish completion for clipscope\ncomplete -c clipscope -f\n";
    for (const auto& command : commands) {
        const bool isRoot = command.name.empty();
        const std::string condition =
            isRoot ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + command.name;
        if (!isRoot) {
            text += "complete -c clipscope -n __fish_use_subcommand -a " + command.name + " -d " +
                    fishQuoted(command.description) + "\n";
        }
        for (const auto& option : command.options) text += fishLine(condition, option);
        for (const auto& positional : command.positionals) text += fishLine(condition, positional);
    }
    return text;
}

void addCompletionCommand(CLI::App& root, Global& global) {
    const auto shell = std::make_shared<std::string>();
    CLI::App& command = addCommand(root, global, "completion", "Print a completion script for a shell",
                                   examples, [shell, &root] { printText(scriptFor(*shell, root)); });
    addOption(command, "SHELL", "bash|zsh|fish", "the shell", [shell](const std::string& text) {
        checkShell(text);
        *shell = text;
    })->required();
}

}  // namespace app
