#include "app/help_format.h"

#include "app/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <sstream>

namespace app {

namespace {

constexpr size_t nameColumns = 32, usualWidth = 80, readableWidth = 100, leastDescription = 30;
constexpr size_t longestType = 28;  // that stands beside an option's name

bool isList(const CLI::Option* option) {
    return option->get_type_size() != 0 && option->get_type_name().size() > longestType;
}

// "FORMAT" of --format.
std::string placeholder(const CLI::Option* option) {
    std::string name = option->get_lnames().empty() ? option->get_name() : option->get_lnames().front();
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    return name;
}

std::string listed(std::string words) {
    for (size_t bar = 0; (bar = words.find('|', bar)) != std::string::npos;) words.replace(bar, 1, ", ");
    return words;
}

}  // namespace

HelpFormat::HelpFormat() {
    m_width = std::clamp(lineWidth(STDOUT_FILENO).value_or(usualWidth), nameColumns + leastDescription,
                         readableWidth);
    column_width(nameColumns);
    label("REQUIRED", "");
    label("Positionals", "Arguments");
    label("OPTIONS", "OPTION...");
    label("SUBCOMMAND", "COMMAND");
}

std::string HelpFormat::make_option_opts(const CLI::Option* option) const {
    if (option->get_type_size() == 0) return "";
    const bool isMany = option->get_expected_max() == CLI::detail::expected_max_vector_size;
    return " " + (isList(option) ? placeholder(option) : option->get_type_name()) + (isMany ? " ..." : "");
}

std::string HelpFormat::make_option_desc(const CLI::Option* option) const {
    std::string text = option->get_description();
    if (isList(option)) text += ": " + listed(option->get_type_name());
    return wrapped(text, m_width - nameColumns);
}

std::string HelpFormat::make_subcommand(const CLI::App* command) const {
    std::stringstream out;
    CLI::detail::format_help(out, command->get_display_name(true),
                             wrapped(command->get_description(), m_width - nameColumns), nameColumns);
    return out.str();
}

std::string HelpFormat::make_description(const CLI::App* command) const {
    return wrapped(CLI::Formatter::make_description(command), m_width);
}

std::string wrapped(const std::string& text, size_t width) {
    std::string result;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!result.empty()) result += '\n';
        std::istringstream words(line);
        size_t columns = 0;
        for (std::string word; words >> word;) {
            const bool breaks = columns > 0 && columns + 1 + word.size() > width;
            if (columns > 0) result += breaks ? '\n' : ' ';
            columns = breaks || columns == 0 ? word.size() : columns + 1 + word.size();
            result += word;
        }
    }
    if (text.ends_with('\n')) result += '\n';
    return result;
}

}  // namespace app
