#pragma once

#include "quant/tensor_file.h"

#include <random>
#include <vector>

namespace bench {

// A rows × columns F32 tensor of standard normal values in memory, the same in every run.
class SyntheticTensor final : public quant::TensorFile {
public:
    SyntheticTensor(uint64_t rows, uint64_t columns);
    std::vector<float>& values() { return m_values; }

private:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;
    std::vector<float> m_values;
};

}  // namespace bench
