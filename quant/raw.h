#pragma once

#include "quant/dtype.h"
#include "quant/input_file.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quant {

// What a file holds that does not say so itself: the elements of one row-major tensor, little-endian, and
// nothing else.
struct RawLayout {
    DType dtype = DType::F32;
    std::vector<std::optional<uint64_t>> shape;  // at most one extent is left to the file's size

    std::string name() const;  // "f32:64x3x?"
};

// Parses "f32:64x3x3x3" (f64, f32, f16, bf16; one extent may be ?). Throws std::invalid_argument.
RawLayout rawLayoutFrom(std::string_view text);

// A file of elements alone. The tensor is named as the file, without its extension.
class RawFile final : public TensorFile {
public:
    // Throws InputError when the file's size is not that of the layout.
    RawFile(InputFile file, const RawLayout& layout);

private:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;

    InputFile m_file;
};

}  // namespace quant
