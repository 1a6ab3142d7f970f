#pragma once

#include <string_view>

namespace quant {

// The entry of an output's metadata that describes what is quantized, in JSON.
constexpr const char* quantizationMetadataKey = "clipscope.quantization";

// The member of an npz archive that holds the same.
constexpr std::string_view quantizationMember = "clipscope.quantization.json";

}  // namespace quant
