#pragma once

#include "quant/ggml_type.h"
#include "quant/input_file.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace quant {

// How every GGUF file begins.
constexpr std::string_view ggufMagic = "GGUF";

// A GGUF file, little-endian, version 2 or 3. Shapes are row-major: the file's dimensions reversed. Block
// types (Q8_0, Q4_K, ...) are tensors of dtype F32 whose TensorInfo::encoding is the type's name.
class GgufFile final : public TensorFile {
public:
    // Reads and checks the header, which may take 1 GiB; memory grows with the tensors and the metadata kept.
    // Throws InputError naming tensor or field and the byte offset. metadata() are the scalar values as text;
    // arrays are left out. Tensors that libggml cannot decode are unreadable.
    explicit GgufFile(InputFile file);

private:
    // Of block types reads the blocks that the range touches, up to 64 KiB of them at a time.
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;
    void readBlocks(size_t index, uint64_t offset, std::span<std::byte> bytes) const;

    struct Stored {
        const GgmlType* type = nullptr;
        uint64_t begin = 0;  // from the start of the file
    };

    InputFile m_file;
    std::vector<Stored> m_stored;  // per tensor
};

}  // namespace quant
