#pragma once

#include "quant/dtype.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace quant {

// An element type of GGUF files. Most store blocks of elements that share scales; a block lies within a row.
struct GgmlType {
    uint32_t id = 0;  // in the file
    std::string_view name;
    uint32_t blockElements = 1;
    uint32_t blockBytes = 0;
    std::optional<DType> dtype;  // of types that are stored as they are; the others are decoded to F32
};

// The type of that number, if there is one.
const GgmlType* findGgmlType(uint32_t id);

// Why blocks of that type cannot be decoded here: Clipscope was built without libggml, or it has no decoder.
// Empty when they can, and for types that need none.
std::string reasonNotToDecode(const GgmlType& type);

// Decodes whole blocks: blocks.size() / blockBytes times blockElements values. The type must be decodable.
void decodeBlocks(const GgmlType& type, std::span<const std::byte> blocks, std::span<float> values);

}  // namespace quant
