#include "quant/code_storage.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace quant {

DType storageType(const NumberFormat& format) {
    if (format.scaleRule == ScaleRule::Fixed && format.spacing == Spacing::Float) {
        if (format.bits > 16) return DType::F32;
        return format.hasFloatExponents() ? DType::BF16 : DType::F16;
    }
    if (format.spacing == Spacing::Float && format.bits == 8 && format.exponentBits == 4)
        return DType::F8E4M3;
    if (format.spacing == Spacing::Float && format.bits == 8 && format.exponentBits == 5)
        return DType::F8E5M2;
    if (format.spacing != Spacing::Uniform) return DType::U8;
    if (format.bits <= 8) return format.isSigned ? DType::I8 : DType::U8;
    return format.isSigned ? DType::I16 : DType::U16;
}

std::vector<uint64_t> packedShape(const std::vector<uint64_t>& shape, uint32_t bits) {
    const uint64_t elements = std::accumulate(shape.begin(), shape.end(), uint64_t{1}, std::multiplies());
    if (shape.empty() || shape.back() * bits % 8 != 0) return {packedBytes(elements, bits)};
    std::vector<uint64_t> packed = shape;
    packed.back() = packedBytes(shape.back(), bits);
    return packed;
}

CodePacker::CodePacker(uint32_t bits, uint64_t elements, std::function<void(std::span<const std::byte>)> sink)
    : m_bits(bits), m_sink(std::move(sink)), m_left(elements) {}

void CodePacker::write(std::span<const std::byte> codes) {
    const uint32_t mask = (1u << m_bits) - 1;
    m_packed.clear();
    for (const std::byte code : codes) {
        m_waiting |= (std::to_integer<uint32_t>(code) & mask) << m_waitingBits;
        m_waitingBits += m_bits;
        const bool isLast = --m_left == 0;
        if (m_waitingBits < 8 && !isLast) continue;
        m_packed.push_back(static_cast<std::byte>(m_waiting & 0xff));
        m_waiting >>= 8;
        m_waitingBits -= std::min(m_waitingBits, 8u);
        if (isLast && m_waitingBits > 0) m_packed.push_back(static_cast<std::byte>(m_waiting & 0xff));
    }
    m_sink(m_packed);
}

}  // namespace quant
