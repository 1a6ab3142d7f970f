#pragma once

#include "quant/input_file.h"
#include "quant/npy_array.h"
#include "quant/tensor_file.h"

#include <cstdint>

namespace quant {

// A file that is one numpy array. The tensor is named as the file, without ".npy".
class NpyFile final : public TensorFile {
public:
    // Reads and checks the header; throws as NpyArray does.
    explicit NpyFile(InputFile file);

private:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;

    InputFile m_file;
    NpyArray m_array;
};

}  // namespace quant
