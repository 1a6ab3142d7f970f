#include "quant/json_events.h"

#include "quant/input_error.h"

#include <algorithm>
#include <format>
#include <span>
#include <string_view>

namespace quant {

// "[json.exception.parse_error.101] parse error at line 1, column 5: " comes first.
std::string jsonProblem(const nlohmann::detail::exception& error) {
    std::string_view what = error.what();
    what.remove_prefix(std::min(what.size(), what.find("] ") + 2));
    if (what.starts_with("parse error at")) what.remove_prefix(what.find(": ") + 2);
    return std::string(what);
}

void JsonEvents::run(const InputFile& file, const std::string& what) {
    m_path = file.path();
    if (file.sizeBytes() > maxBytes) {
        throw InputError(
            m_path, "",
            std::format("{} bytes exceed the limit of {} for {}", file.sizeBytes(), maxBytes, what));
    }
    std::string text(file.sizeBytes(), '\0');
    file.read(0, std::as_writable_bytes(std::span(text)));
    // The parser takes a NUL for the end of its input.
    if (const size_t nul = text.find('\0'); nul != std::string::npos)
        throw InputError(m_path, "", "is not valid JSON: a NUL character", nul);
    nlohmann::json::sax_parse(text, this);
}

bool JsonEvents::parse_error(std::size_t position, const std::string&,
                             const nlohmann::detail::exception& error) {
    throw InputError(m_path, "", "is not valid JSON: " + jsonProblem(error),
                     std::max<size_t>(position, 1) - 1);
}

}  // namespace quant
