#include "quant/input_error.h"

#include "quant/utf8.h"

#include <algorithm>
#include <format>

namespace quant {
namespace {

constexpr size_t maxNameCharacters = 200;
constexpr size_t maxProblemCharacters = 400;

bool needsEscape(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

std::string escape(char32_t code) {
    if (code == '\n') return "\\n";
    if (code == '\r') return "\\r";
    if (code == '\t') return "\\t";
    const auto number = static_cast<uint32_t>(code);
    return number < 0x80 ? std::format("\\x{:02x}", number) : std::format("\\u{:04x}", number);
}

std::string inputMessage(const std::string& file, const std::string& tensor, const std::string& field,
                         const std::string& problem, std::optional<uint64_t> offset) {
    std::string message = printable(file) + ": ";
    if (!tensor.empty()) message += "tensor '" + printable(tensor, maxNameCharacters) + "': ";
    if (!field.empty()) message += "field '" + printable(field, maxNameCharacters) + "': ";
    message += printable(problem, maxProblemCharacters);
    if (offset) message += std::format(" (at byte {})", *offset);
    return message;
}

}  // namespace

InputError::InputError(const std::string& file, const std::string& tensor, const std::string& problem,
                       std::optional<uint64_t> offset)
    : InputError(inputMessage(file, tensor, "", problem, offset)) {}

InputError InputError::atField(const std::string& file, const std::string& tensor, const std::string& field,
                               const std::string& problem, std::optional<uint64_t> offset) {
    return InputError(inputMessage(file, tensor, field, problem, offset));
}

OutputError::OutputError(const std::string& file, const std::string& problem)
    : std::runtime_error(printable(file) + ": " + printable(problem, maxProblemCharacters)) {}

std::string printable(std::string_view text, size_t maxCharacters) {
    std::string result;
    for (size_t count = 0; !text.empty(); ++count) {
        if (count == maxCharacters) return result + "...";
        const Utf8Character character = decodeUtf8(text);
        if (character.bytes == 0) {
            result += std::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
        } else if (needsEscape(character.code)) {
            result += escape(character.code);
        } else {
            result += text.substr(0, character.bytes);
        }
        text.remove_prefix(std::max<size_t>(character.bytes, 1));
    }
    return result;
}

}  // namespace quant
