#include "tests/memory_tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace tests {

using quant::DType;

namespace {

uint16_t bfloatFrom(float x) {
    return std::isnan(x) ? 0x7fc0 : static_cast<uint16_t>(std::bit_cast<uint32_t>(x) >> 16);
}

template <class T>
void append(std::vector<std::byte>& bytes, T value) {
    const auto raw = std::as_bytes(std::span(&value, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
}

float floatFrom16(uint16_t pattern, DType dtype) {
    return dtype == DType::F16 ? floatFromHalf(pattern) : floatFromBfloat(pattern);
}

}  // namespace

uint16_t halfFrom(float x) {
    const auto sign = static_cast<uint16_t>(std::signbit(x) ? 0x8000 : 0);
    const double magnitude = std::fabs(x);
    if (std::isnan(x)) return 0x7e00;
    if (magnitude >= 65520) return sign | 0x7c00;
    const int exponent = magnitude < 0x1p-14 ? -14 : std::ilogb(magnitude);
    // In units of the last place: the implicit bit, where there is one, carries into the exponent field.
    const double units = std::nearbyint(std::ldexp(magnitude, 10 - exponent));
    const int field = magnitude < 0x1p-14 ? 0 : exponent + 14;
    return static_cast<uint16_t>(sign | (field * 1024 + static_cast<int>(units)));
}

float floatFromHalf(uint16_t half) {
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    if (exponent == 31)
        magnitude =
            fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    return static_cast<float>(half & 0x8000 ? -magnitude : magnitude);
}

float floatFromBfloat(uint16_t bits) {
    return std::bit_cast<float>(uint32_t{bits} << 16);
}

MemoryTensor::MemoryTensor(std::span<const float> values, DType dtype, std::vector<uint64_t> shape) {
    const bool is16 = dtype == DType::F16 || dtype == DType::BF16;
    m_values.reserve(values.size());
    for (const float x : values) {
        const uint16_t pattern = dtype == DType::F16 ? halfFrom(x) : bfloatFrom(x);
        if (is16)
            append(m_bytes, pattern);
        else if (dtype == DType::F64)
            append(m_bytes, static_cast<double>(x));
        else
            append(m_bytes, x);
        m_values.push_back(is16 ? floatFrom16(pattern, dtype) : x);
    }
    if (shape.empty()) shape = {values.size()};
    describe(dtype, std::move(shape));
}

MemoryTensor::MemoryTensor(std::span<const uint16_t> patterns, DType dtype) {
    for (const uint16_t pattern : patterns) {
        append(m_bytes, pattern);
        m_values.push_back(floatFrom16(pattern, dtype));
    }
    describe(dtype, {patterns.size()});
}

MemoryTensor::MemoryTensor(std::span<const double> values) {
    for (const double x : values) {
        append(m_bytes, x);
        m_values.push_back(static_cast<float>(x));
    }
    describe(DType::F64, {values.size()});
}

void MemoryTensor::describe(DType dtype, std::vector<uint64_t> shape) {
    auto info = quant::makeTensorInfo("x", dtype, std::move(shape));
    if (!info || info->sizeBytes != m_bytes.size())
        throw std::logic_error("the shape does not fit the values");
    m_path = "memory";
    m_format = "memory";
    m_fileSizeBytes = m_bytes.size();
    m_tensors.push_back(*std::move(info));
}

void MemoryTensor::readRange(size_t, uint64_t offset, std::span<std::byte> bytes) const {
    std::memcpy(bytes.data(), m_bytes.data() + offset, bytes.size());
}

}  // namespace tests
