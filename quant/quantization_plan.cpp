#include "quant/quantization_plan.h"

#include "quant/input_error.h"
#include "quant/json_events.h"

#include <array>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace quant {
namespace {

constexpr std::array<std::string_view, 4> fieldNames = {"name", "format", "granularity", "method"};
enum Field : size_t { Name, Format, Granule, Manner };

using Fields = std::array<std::optional<std::string>, fieldNames.size()>;

// Keeps the known fields of "options" and of the entries of "tensors".
class PlanReader : public JsonEvents {
public:
    std::vector<PlannedTensor> take() {
        if (!m_hasTensors) fail("tensors", "is missing");
        if (m_entries.empty()) fail("tensors", "is empty");
        std::vector<PlannedTensor> plan;
        std::set<std::string> names;
        for (const Fields& entry : m_entries) {
            m_tensor = entry[Name].value();
            if (!names.insert(m_tensor).second) fail("name", "appears twice");
            plan.push_back(planned(entry));
        }
        return plan;
    }

    bool start_object(std::size_t) override {
        refuseUnlessSkipped(m_depth == 0 || isOptions(1) || isEntry(2));
        if (isEntry(2)) {
            m_entry = {};
            m_tensor.clear();
        }
        ++m_depth;
        m_field.reset();
        return true;
    }

    bool end_object() override {
        --m_depth;
        m_field.reset();
        if (!isEntry(2)) return true;
        if (!m_entry[Name]) fail("name", "is missing");
        m_entries.push_back(std::move(m_entry));
        return true;
    }

    bool start_array(std::size_t) override {
        refuseUnlessSkipped(m_section == Section::Tensors && m_depth == 1);
        ++m_depth;
        return true;
    }

    bool end_array() override {
        --m_depth;
        return true;
    }

    bool key(string_t& key) override {
        if (m_depth == 1) startSection(key);
        m_field.reset();
        if (!isOptions(2) && !isEntry(3)) return true;
        for (size_t i = isOptions(2) ? Granule : Name; i < fieldNames.size(); ++i) {
            if (key == fieldNames[i]) m_field = i;
        }
        return true;
    }

    bool string(string_t& value) override {
        if (!m_field) return scalar();
        auto& field = (isOptions(2) ? m_options : m_entry)[*m_field];
        if (field) fail(fieldNames[*m_field], "appears twice");
        field = std::move(value);
        if (isEntry(3) && *m_field == Name) m_tensor = *field;
        return true;
    }

protected:
    bool scalar() override {
        refuseUnlessSkipped(false);
        return true;
    }

private:
    enum class Section { None, Options, Tensors };

    bool isOptions(size_t depth) const { return m_section == Section::Options && m_depth == depth; }
    bool isEntry(size_t depth) const { return m_section == Section::Tensors && m_depth == depth; }

    void startSection(const std::string& key) {
        m_section = key == "tensors" ? Section::Tensors : key == "options" ? Section::Options : Section::None;
        if (m_section != Section::Tensors) return;
        if (m_hasTensors) fail("tensors", "appears twice");
        m_hasTensors = true;
    }

    // Where a value of a certain kind must stand, any other is refused.
    void refuseUnlessSkipped(bool isExpected) const {
        if (isExpected) return;
        if (m_depth == 0) throw InputError(path(), "", "must be a JSON object with tensors");
        if (isOptions(1)) fail("options", "must be an object");
        if (isEntry(1)) fail("tensors", "must be a list");
        if (isEntry(2)) fail("tensors", "must hold objects");
        if (m_field) fail(fieldNames[*m_field], "must be a string");
    }

    [[noreturn]] void fail(std::string_view field, const std::string& problem) const {
        throw InputError::atField(path(), m_tensor, std::string(field), problem);
    }

    template <class Parse>
    auto parsed(const Fields& entry, Field field, const char* otherwise, const Parse& parse) const {
        const std::string text = entry[field].or_else([&] { return m_options[field]; }).value_or(otherwise);
        try {
            return parse(text);
        } catch (const std::invalid_argument& error) {
            fail(fieldNames[field], error.what());
        }
    }

    PlannedTensor planned(const Fields& entry) const {
        if (!entry[Format]) fail("format", "is missing");
        PlannedTensor tensor{m_tensor, parsed(entry, Format, "", numberFormatFrom),
                             parsed(entry, Granule, "tensor", granularityFrom),
                             parsed(entry, Manner, "octav", methodFrom)};
        return tensor;
    }

    size_t m_depth = 0;
    Section m_section = Section::None;
    bool m_hasTensors = false;
    std::optional<size_t> m_field;  // the known field whose value comes next
    std::string m_tensor;           // that messages name
    Fields m_options, m_entry;
    std::vector<Fields> m_entries;
};

}  // namespace

std::vector<PlannedTensor> readQuantizationPlan(const InputFile& file) {
    PlanReader reader;
    reader.run(file, "a plan");
    return reader.take();
}

}  // namespace quant
