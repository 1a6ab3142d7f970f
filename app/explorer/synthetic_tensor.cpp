#include "app/explorer/synthetic_tensor.h"

#include <cstring>
#include <utility>

namespace app {

namespace {

// splitmix64 (S. Vigna, 2015) of the element's index.
constexpr uint64_t randomBits(uint64_t index) {
    uint64_t bits = (index + 1) * 0x9e3779b97f4a7c15;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
    return bits ^ bits >> 31;
}

// Four uniform numbers of 16 bits added up, their mean taken away, in units of their deviation.
float valueAt(uint64_t element) {
    const uint64_t bits = randomBits(element);
    const auto sum =
        static_cast<int32_t>((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
    constexpr int32_t mean = 2 * 0xffff;
    return static_cast<float>(sum - mean) * (SyntheticTensor::largest / static_cast<float>(mean));
}

}  // namespace

SyntheticTensor::SyntheticTensor(uint64_t elements) {
    m_path = m_format = "synthetic";
    m_fileSizeBytes = elements * sizeof(float);
    m_tensors = {quant::makeTensorInfo("synthetic", quant::DType::F32, {elements}).value()};
}

void SyntheticTensor::readRange(size_t, uint64_t offset, std::span<std::byte> bytes) const {
    const uint64_t first = offset / sizeof(float);
    for (size_t i = 0; i < bytes.size() / sizeof(float); ++i) {
        const float value = valueAt(first + i);
        std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
    }
}

}  // namespace app
