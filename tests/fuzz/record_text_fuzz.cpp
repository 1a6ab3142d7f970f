// Reads bytes as a record of quantization. What is kept can be written and read again, and is as shallow as a
// record; all else must be refused as unusable input.
#include "quant/input_error.h"
#include "quant/record_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

size_t depthOf(const quant::QuantizationRecord& json) {
    size_t deepest = 0;
    for (const auto& value : json)
        deepest = std::max(deepest, value.is_structured() ? depthOf(value) + 1 : 1);
    return deepest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        const auto record = quant::parseRecord("fuzz", {reinterpret_cast<const char*>(data), size});
        require(depthOf(record) <= 3);
        require(quant::parseRecord("fuzz", record.dump()) == record);
        auto joined = record;
        quant::joinRecord(joined, record, "fuzz");
        require(joined == record);
    } catch (const quant::InputError&) {
    }
    return 0;
}
