#pragma once

#include "quant/tensor_file.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tests {

// A tensor file with one tensor, served from memory.
class MemoryTensor : public quant::TensorFile {
public:
    // Stores the values as dtype (F64, F32, F16, BF16), rounded to nearest (BF16: towards zero). No shape:
    // one row.
    explicit MemoryTensor(std::span<const float> values, quant::DType dtype = quant::DType::F32,
                          std::vector<uint64_t> shape = {});
    // Stores 16-bit patterns as they are.
    MemoryTensor(std::span<const uint16_t> patterns, quant::DType dtype);
    explicit MemoryTensor(std::span<const double> values);

    // The stored elements as the kernels see them: exact for the 16-bit types, narrowed to nearest for F64.
    const std::vector<float>& values() const { return m_values; }

protected:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;

private:
    void describe(quant::DType dtype, std::vector<uint64_t> shape);

    std::vector<std::byte> m_bytes;
    std::vector<float> m_values;
};

// binary16 and bfloat16, by arithmetic on doubles.
uint16_t halfFrom(float x);
float floatFromHalf(uint16_t half);
float floatFromBfloat(uint16_t bits);

}  // namespace tests
