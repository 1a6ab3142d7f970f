// Reads the index of a sharded model (Hugging Face, https://huggingface.co/docs/safetensors, transformers'
// model.safetensors.index.json): {"metadata": {...}, "weight_map": {tensor: name of its shard, ...}}.
#include "quant/weight_map.h"

#include "quant/input_error.h"
#include "quant/safetensors.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>
#include <string_view>
#include <utility>

namespace quant {
namespace {

using nlohmann::json;

// Takes the JSON events of an index. Nothing but the weight_map is kept, so that hostile JSON takes no more
// memory than its text; all else at the root is skipped.
class IndexReader : public json::json_sax_t {
public:
    explicit IndexReader(const std::string& path) : m_path(path) {}

    WeightMap run(const std::string& text) {
        json::sax_parse(text, this);
        if (!m_hasMap) fail("", "is missing");
        return std::move(m_map);
    }

    bool start_object(std::size_t) override {
        if (m_depth == 1 && m_isInMap) m_hasMap = true;
        if (m_depth == 2 && m_isInMap) refuse();
        ++m_depth;
        return true;
    }

    bool end_object() override {
        --m_depth;
        return true;
    }

    bool key(string_t& key) override {
        if (m_depth == 1) {
            m_isInMap = key == "weight_map";
            if (m_isInMap && m_hasMap) fail("", "appears twice");
        } else if (m_depth == 2 && m_isInMap) {
            m_tensor = key;
            if (m_map.contains(key)) fail(key, "appears twice");
        }
        return true;
    }

    bool string(string_t& value) override {
        if (m_depth == 2 && m_isInMap) {
            m_map.emplace(m_tensor, std::move(value));
            return true;
        }
        return scalar();
    }

    bool start_array(std::size_t) override {
        if (m_depth == 0 || m_isInMap) refuse();
        ++m_depth;
        return true;
    }

    bool end_array() override {
        --m_depth;
        return true;
    }

    bool null() override { return scalar(); }
    bool boolean(bool) override { return scalar(); }
    bool number_integer(number_integer_t) override { return scalar(); }
    bool number_unsigned(number_unsigned_t) override { return scalar(); }
    bool number_float(number_float_t, const string_t&) override { return scalar(); }
    bool binary(binary_t&) override { return scalar(); }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        // What remains after "[json.exception.parse_error.101] parse error at line 1, column 5: ".
        std::string_view what = error.what();
        what.remove_prefix(std::min(what.size(), what.find("] ") + 2));
        if (what.starts_with("parse error at")) what.remove_prefix(what.find(": ") + 2);
        throw InputError(m_path, "", "is not valid JSON: " + std::string(what),
                         std::max<size_t>(position, 1) - 1);
    }

private:
    bool scalar() {
        if (m_depth == 0 || m_isInMap) refuse();
        return true;
    }

    [[noreturn]] void fail(const std::string& tensor, const std::string& problem) const {
        throw InputError::atField(m_path, tensor, "weight_map", problem);
    }

    [[noreturn]] void refuse() const {
        if (m_depth == 0) throw InputError(m_path, "", "must be a JSON object with a weight_map");
        if (m_depth == 1) fail("", "must be an object");
        fail(m_tensor, "must be the name of a shard");
    }

    const std::string& m_path;
    size_t m_depth = 0;
    bool m_isInMap = false;  // within the value of weight_map
    bool m_hasMap = false;
    std::string m_tensor;
    WeightMap m_map;
};

}  // namespace

WeightMap readWeightMap(const InputFile& index) {
    if (index.sizeBytes() > maxSafetensorsHeaderBytes) {
        throw InputError(index.path(), "",
                         std::format("{} bytes exceed the limit of {} for an index", index.sizeBytes(),
                                     maxSafetensorsHeaderBytes));
    }
    std::string text(index.sizeBytes(), '\0');
    index.read(0, std::as_writable_bytes(std::span(text)));
    // The parser takes a NUL for the end of its input.
    if (const size_t nul = text.find('\0'); nul != std::string::npos)
        throw InputError(index.path(), "", "is not valid JSON: a NUL character", nul);
    return IndexReader(index.path()).run(text);
}

}  // namespace quant
