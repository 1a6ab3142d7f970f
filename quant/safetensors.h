#pragma once

#include "quant/input_file.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace quant {

constexpr uint64_t safetensorsLengthBytes = 8;               // of the field that precedes the header
constexpr uint64_t maxSafetensorsHeaderBytes = 100'000'000;  // the reference implementation's limit

// A safetensors file, read strictly: whatever two readers could understand differently is refused.
class SafetensorsFile final : public TensorFile {
public:
    // Reads and checks the header; memory and time grow with the header (at most maxSafetensorsHeaderBytes),
    // not with the data. Throws InputError naming tensor or field and the byte offset in the file.
    // metadata() is what stands under __metadata__.
    explicit SafetensorsFile(InputFile file);

private:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;

    InputFile m_file;
    std::vector<uint64_t> m_begins;  // per tensor, from the start of the file
};

}  // namespace quant
