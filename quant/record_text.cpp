#include "quant/record_text.h"

#include "quant/input_error.h"
#include "quant/quantization_key.h"

namespace quant {

QuantizationRecord parseRecord(const std::string& path, std::string_view text) {
    using Json = QuantizationRecord;
    std::string field;
    const auto isKept = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::key && depth == 2) field = parsed.get<std::string>();
        if (event == Json::parse_event_t::object_start)
            return depth <= 1 || (depth == 2 && field == "bits_of");
        if (event == Json::parse_event_t::array_start)
            return depth == 2 && (field == "shape" || field == "parts");
        return true;
    };
    auto record = Json::parse(text, isKept, false);
    if (!record.is_object())
        throw InputError(path, "",
                         "its metadata '" + std::string(quantizationMetadataKey) + "' are no JSON object");
    return record;
}

void joinRecord(QuantizationRecord& record, const QuantizationRecord& other, const std::string& path) {
    for (const auto& [tensor, description] : other.items()) {
        if (record.contains(tensor) && record[tensor] != description)
            throw InputError(path, tensor, "is described twice by the records of quantization");
        record[tensor] = description;
    }
}

}  // namespace quant
