#include "quant/code_storage.h"

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

CodePacker::CodePacker(uint32_t bits, uint64_t rowElements,
                       std::function<void(std::span<const std::byte>)> sink)
    : m_bits(bits), m_rowElements(rowElements), m_sink(std::move(sink)) {}

void CodePacker::write(std::span<const std::byte> codes) {
    const uint32_t mask = (1u << m_bits) - 1;
    m_packed.clear();
    for (const std::byte code : codes) {
        m_waiting |= (std::to_integer<uint32_t>(code) & mask) << m_waitingBits;
        m_waitingBits += m_bits;
        const bool isRowEnd = ++m_inRow == m_rowElements;
        while (m_waitingBits >= 8 || (isRowEnd && m_waitingBits > 0)) {
            m_packed.push_back(static_cast<std::byte>(m_waiting & 0xff));
            m_waiting >>= 8;
            m_waitingBits -= m_waitingBits < 8 ? m_waitingBits : 8;
        }
        if (isRowEnd) m_inRow = 0;
    }
    m_sink(m_packed);
}

}  // namespace quant
