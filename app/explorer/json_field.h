#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace app {

using Json = nlohmann::ordered_json;  // to write: members stay in the order of the code

// Parses a JSON text of a few levels: what is nested deeper than `levels` is left out, so that hostile text
// takes a small multiple of its size. `file` names it in messages. Throws quant::InputError: not JSON, a NUL,
// a number that no double holds, more than maxJsonBytes.
constexpr uint64_t maxJsonBytes = uint64_t{1} << 20;
nlohmann::json parseJson(const std::string& file, std::string_view text, int levels = 6);

// Reads a file for parseJson. Throws quant::InputError.
std::string readJsonText(const std::filesystem::path& path);

// A value within a JSON document and how messages name it; document and file name must outlive it. What has
// the wrong type or lies out of range throws quant::InputError, as in "session.json: field 'clip.bits': 99 is
// not 1 to 16".
class JsonField {
public:
    JsonField(const std::string& file, const nlohmann::json& document) : m_file(file), m_value(document) {}

    // A member of this object; none where it is missing or null.
    std::optional<JsonField> field(std::string_view key) const;
    // Those of this list, at most so many.
    std::vector<JsonField> elements(size_t most) const;

    bool flag() const;
    std::string text(size_t maxBytes = 65536) const;
    // Finite, and from low to high.
    double number(double low, double high) const;
    uint64_t whole(uint64_t low, uint64_t high) const;
    // A path that pathJson() wrote: relative ones below `folder`.
    std::string path(const std::filesystem::path& folder) const;

    // What `parse` makes of the text; its std::invalid_argument becomes an InputError.
    template <class Parse>
    auto parsed(Parse parse) const {
        try {
            return parse(text());
        } catch (const std::invalid_argument& error) {
            fail(error.what());
        }
    }

    [[noreturn]] void fail(const std::string& problem) const;

private:
    JsonField(const std::string& file, std::string name, const nlohmann::json& value)
        : m_file(file), m_name(std::move(name)), m_value(value) {}

    const std::string& m_file;
    std::string m_name;
    const nlohmann::json& m_value;
};

// Sets `target` to what `read` makes of the member, where there is one.
template <class T, class Read>
void take(const JsonField& object, std::string_view key, T& target, Read read) {
    if (const auto field = object.field(key)) target = read(*field);
}

// A list of at most `most` elements.
template <class T, class Read>
void takeList(const JsonField& object, std::string_view key, std::vector<T>& target, size_t most, Read read) {
    const auto field = object.field(key);
    if (!field) return;
    target.clear();
    for (const JsonField& element : field->elements(most)) target.push_back(read(element));
}

// A path relative to the folder where it lies below it, else absolute; so it stays right when the folder
// moves with all that is in it. Without a folder: absolute. Paths need not be UTF-8: those that are not
// become an object {"hex": "..."} of their bytes.
Json pathJson(const std::string& path, const std::filesystem::path& folder);

// Valid UTF-8: a text that is not is written as quant::printable() shows it.
Json textJson(const std::string& text);

}  // namespace app
