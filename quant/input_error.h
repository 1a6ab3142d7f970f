#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace quant {

// An input that cannot be used: missing, malformed, unsupported. The message is one line,
//     PATH: tensor 'X': field 'Y': problem (at byte N)
// with the parts that are known; main maps it to exit code 3. All parts may come from a hostile file:
// they pass through printable(), and names are cut to 200 characters.
class InputError : public std::runtime_error {
public:
    // file: path as the user gave it. tensor: its name, empty if none. offset: from the start of the file.
    InputError(const std::string& file, const std::string& tensor, const std::string& problem,
               std::optional<uint64_t> offset = {});

    // The same for a field of the file's header; tensor is empty for a field that belongs to no tensor.
    static InputError atField(const std::string& file, const std::string& tensor, const std::string& field,
                              const std::string& problem, std::optional<uint64_t> offset = {});

private:
    explicit InputError(const std::string& message) : std::runtime_error(message) {}
};

// An output that cannot be written; main maps it to exit code 5. Same form: PATH: problem
class OutputError : public std::runtime_error {
public:
    OutputError(const std::string& file, const std::string& problem);
};

// The text as valid UTF-8 that stays on one line and leaves a terminal alone: control characters, line and
// paragraph separators, direction overrides and bytes that are not UTF-8 become \n, \x1b, \u202e.
// Backslashes stay as they are, so the result is for reading, not for parsing. Beyond maxCharacters
// characters of the input, "..." follows.
std::string printable(std::string_view text, size_t maxCharacters = SIZE_MAX);

}  // namespace quant
