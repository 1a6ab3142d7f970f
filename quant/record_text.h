#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace quant {

// What the metadata of a quantized file say of its tensors (quantizationMetadataKey): an object that
// describes each, as an object, by its name. See quantizeFile() for where it lies.
using QuantizationRecord = nlohmann::ordered_json;

// Parses a record that stands in the file `path`. Keeps what records have, entries of words, numbers and
// lists of them; what is nested deeper is left out, so that hostile JSON takes a small multiple of its text.
// Throws InputError: no JSON object.
QuantizationRecord parseRecord(const std::string& path, std::string_view text);

// Adds the entries of another record. Throws InputError for a tensor that both describe, differently.
void joinRecord(QuantizationRecord& record, const QuantizationRecord& other, const std::string& path);

}  // namespace quant
