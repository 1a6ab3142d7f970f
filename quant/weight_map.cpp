// Reads the index of a sharded model (Hugging Face, https://huggingface.co/docs/safetensors, transformers'
// model.safetensors.index.json): {"metadata": {...}, "weight_map": {tensor: name of its shard, ...}}.
#include "quant/weight_map.h"

#include "quant/input_error.h"
#include "quant/json_events.h"

#include <utility>

namespace quant {
namespace {

// Keeps nothing but the weight_map; all else at the root is skipped.
class IndexReader : public JsonEvents {
public:
    WeightMap take() {
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

protected:
    bool scalar() override {
        if (m_depth == 0 || m_isInMap) refuse();
        return true;
    }

private:
    [[noreturn]] void fail(const std::string& tensor, const std::string& problem) const {
        throw InputError::atField(path(), tensor, "weight_map", problem);
    }

    [[noreturn]] void refuse() const {
        if (m_depth == 0) throw InputError(path(), "", "must be a JSON object with a weight_map");
        if (m_depth == 1) fail("", "must be an object");
        fail(m_tensor, "must be the name of a shard");
    }

    size_t m_depth = 0;
    bool m_isInMap = false;  // within the value of weight_map
    bool m_hasMap = false;
    std::string m_tensor;
    WeightMap m_map;
};

}  // namespace

WeightMap readWeightMap(const InputFile& index) {
    IndexReader reader;
    reader.run(index, "an index");
    return reader.take();
}

}  // namespace quant
