#pragma once

#include "quant/tensor_file.h"

#include <cstdint>

namespace app {

// A tensor file without a file: one F32 tensor of about normally distributed values (the sum of four uniform
// ones, with variance 1), made while they are read. The same on every machine.
class SyntheticTensor : public quant::TensorFile {
public:
    explicit SyntheticTensor(uint64_t elements);

    // No element is larger.
    static constexpr float largest = 3.4641016f;

protected:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;
};

}  // namespace app
