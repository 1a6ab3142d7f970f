#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace app {

// How the help of a command is laid out: within the terminal's width, 80 columns where there is none; long
// lists of words stand in an option's description instead of beside its name.
class HelpFormat : public CLI::Formatter {
public:
    HelpFormat();

    std::string make_option_opts(const CLI::Option* option) const override;
    std::string make_option_desc(const CLI::Option* option) const override;
    std::string make_subcommand(const CLI::App* command) const override;
    std::string make_description(const CLI::App* command) const override;

private:
    size_t m_width;  // of a line
};

// The text with line breaks in place of blanks, so that lines have at most `width` characters where words
// allow; its own line breaks stay.
std::string wrapped(const std::string& text, size_t width);

}  // namespace app
