#include "app/explorer/json_field.h"

#include "quant/input_error.h"
#include "quant/input_file.h"
#include "quant/json_events.h"
#include "quant/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <format>
#include <span>

namespace app {

namespace {

namespace fs = std::filesystem;
// Unlike ordered_json, whose objects of n members take n² steps to parse.
using nlohmann::json;

// With ".." resolved through links where they exist; a path without them keeps its links, so that a folder
// and what lies below it stay together.
fs::path wholePath(const fs::path& path) {
    std::error_code error;
    fs::path whole = fs::absolute(path, error);
    if (error) return path;
    if (!std::ranges::contains(whole, fs::path(".."))) return whole.lexically_normal();
    const fs::path resolved = fs::weakly_canonical(whole, error);
    return error ? whole : resolved;
}

std::string shortText(const json& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "a list";
    return quant::printable(value.dump(-1, ' ', false, json::error_handler_t::replace), 40);
}

std::string hexOf(std::string_view bytes) {
    std::string hex;
    for (const char byte : bytes) hex += std::format("{:02x}", static_cast<unsigned char>(byte));
    return hex;
}

std::optional<std::string> bytesOf(std::string_view hex) {
    const auto digit = [](char c) { return std::string_view("0123456789abcdef").find(c); };
    if (hex.size() % 2 != 0) return {};
    std::string bytes;
    for (size_t i = 0; i < hex.size(); i += 2) {
        const size_t high = digit(hex[i]), low = digit(hex[i + 1]);
        if (std::max(high, low) > 15) return {};
        bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
}

}  // namespace

json parseJson(const std::string& file, std::string_view text, int levels) {
    if (text.size() > maxJsonBytes)
        throw quant::InputError(file, "",
                                std::format("{} bytes exceed the limit of {}", text.size(), maxJsonBytes));
    // The parser takes a NUL for the end of its input.
    if (const size_t nul = text.find('\0'); nul != std::string_view::npos)
        throw quant::InputError(file, "", "is not valid JSON: a NUL character", nul);
    const auto isKept = [levels](int depth, json::parse_event_t event, json&) {
        const bool isNested =
            event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
        return !isNested || depth < levels;
    };
    try {
        return json::parse(text, isKept);
    } catch (const json::parse_error& error) {
        throw quant::InputError(file, "", "is not valid JSON: " + quant::jsonProblem(error),
                                std::max<size_t>(error.byte, 1) - 1);
    } catch (const json::exception& error) {
        throw quant::InputError(file, "", "is not valid JSON: " + quant::jsonProblem(error));
    }
}

std::string readJsonText(const fs::path& path) {
    const quant::InputFile file(path);
    if (file.sizeBytes() > maxJsonBytes)
        throw quant::InputError(
            file.path(), "", std::format("{} bytes exceed the limit of {}", file.sizeBytes(), maxJsonBytes));
    std::string text(file.sizeBytes(), '\0');
    file.read(0, std::as_writable_bytes(std::span(text)));
    return text;
}

std::optional<JsonField> JsonField::field(std::string_view key) const {
    if (!m_value.is_object()) fail(shortText(m_value) + " is no object");
    const auto found = m_value.find(key);
    if (found == m_value.end() || found->is_null()) return {};
    return JsonField(m_file, m_name + (m_name.empty() ? "" : ".") + std::string(key), *found);
}

std::vector<JsonField> JsonField::elements(size_t most) const {
    if (!m_value.is_array()) fail(shortText(m_value) + " is no list");
    if (m_value.size() > most) fail(std::format("{} elements exceed the limit of {}", m_value.size(), most));
    std::vector<JsonField> fields;
    for (const json& element : m_value)
        fields.push_back(JsonField(m_file, std::format("{}[{}]", m_name, fields.size()), element));
    return fields;
}

bool JsonField::flag() const {
    if (!m_value.is_boolean()) fail(shortText(m_value) + " is neither true nor false");
    return m_value.get<bool>();
}

std::string JsonField::text(size_t maxBytes) const {
    if (!m_value.is_string()) fail(shortText(m_value) + " is no text");
    auto text = m_value.get<std::string>();
    if (text.size() > maxBytes) fail(std::format("{} bytes exceed the limit of {}", text.size(), maxBytes));
    return text;
}

double JsonField::number(double low, double high) const {
    if (!m_value.is_number()) fail(shortText(m_value) + " is no number");
    const auto value = m_value.get<double>();
    if (!std::isfinite(value) || value < low || value > high)
        fail(std::format("{} is not {} to {}", shortText(m_value), low, high));
    return value;
}

uint64_t JsonField::whole(uint64_t low, uint64_t high) const {
    // The parser makes unsigned numbers of all whole ones that are not below zero.
    const bool isWhole = m_value.is_number_unsigned();
    if (!isWhole || m_value.get<uint64_t>() < low || m_value.get<uint64_t>() > high)
        fail(high == UINT64_MAX && low == 0
                 ? shortText(m_value) + " is no whole number"
                 : std::format("{} is not {} to {}", shortText(m_value), low, high));
    return m_value.get<uint64_t>();
}

std::string JsonField::path(const fs::path& folder) const {
    std::string stored;
    if (m_value.is_object()) {
        const auto hex = field("hex");
        if (!hex) fail("an object without 'hex' is no path");
        const auto bytes = bytesOf(hex->text());
        if (!bytes) hex->fail("is not made of pairs of hexadecimal digits");
        stored = *bytes;
    } else {
        stored = text();
    }
    if (stored.empty()) fail("an empty text is no path");
    if (stored.contains('\0')) fail("a path holds no NUL");
    if (folder.empty() || stored.front() == '/') return stored;
    // "." is the folder itself.
    return stored == "." ? folder.string() : (folder / stored).string();
}

void JsonField::fail(const std::string& problem) const {
    if (m_name.empty()) throw quant::InputError(m_file, "", problem);
    throw quant::InputError::atField(m_file, "", m_name, problem);
}

Json pathJson(const std::string& path, const fs::path& folder) {
    fs::path stored = wholePath(path);
    if (!folder.empty()) {
        const fs::path below = stored.lexically_relative(wholePath(folder));
        if (!below.empty() && *below.begin() != "..") stored = below;
    }
    const std::string text = stored.string();
    if (quant::isUtf8(text)) return text;
    return Json{{"hex", hexOf(text)}};
}

Json textJson(const std::string& text) {
    if (quant::isUtf8(text)) return text;
    return quant::printable(text);
}

}  // namespace app
