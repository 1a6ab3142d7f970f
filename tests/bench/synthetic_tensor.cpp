#include "tests/bench/synthetic_tensor.h"

#include <cstring>

namespace bench {

SyntheticTensor::SyntheticTensor(uint64_t rows, uint64_t columns) : m_values(rows * columns) {
    std::mt19937 generator(1);
    std::normal_distribution<float> normal;
    for (float& value : m_values) value = normal(generator);
    m_path = m_format = "memory";
    m_fileSizeBytes = m_values.size() * sizeof(float);
    quant::TensorInfo info;
    info.name = "gaussian";
    info.shape = {rows, columns};
    info.elements = rows * columns;
    info.sizeBytes = m_fileSizeBytes;
    m_tensors = {info};
}

void SyntheticTensor::readRange(size_t, uint64_t offset, std::span<std::byte> bytes) const {
    std::memcpy(bytes.data(), std::as_bytes(std::span(m_values)).data() + offset, bytes.size());
}

}  // namespace bench
