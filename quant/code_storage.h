#pragma once

#include "quant/dtype.h"
#include "quant/number_format.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace quant {

// How the codes of a format are stored when every element keeps a place of its own: I8, U8, I16, U16,
// F8_E4M3, F8_E5M2; U8 for the codes of other formats up to 8 bits. Casts are stored as values: F16, BF16,
// F32 (tf32).
DType storageType(const NumberFormat& format);

// Whether codes are packed: those of fewer than 8 bits.
inline bool isPackable(const NumberFormat& format) {
    return format.bits < 8;
}

// Bytes of a row of packed codes.
constexpr uint64_t packedRowBytes(uint64_t rowElements, uint32_t bits) {
    return rowElements / 8 * bits + (rowElements % 8 * bits + 7) / 8;
}

// Packs codes of fewer than 8 bits: element i of a row takes the bits [i·bits, (i+1)·bits) of the row's
// bytes, lowest first; a row (the last axis) begins with a byte of its own, and what is left of its last byte
// is 0.
class CodePacker {
public:
    // sink gets the packed bytes in order.
    CodePacker(uint32_t bits, uint64_t rowElements, std::function<void(std::span<const std::byte>)> sink);

    // Takes a byte per code, of which only the low bits count, in pieces of any size.
    void write(std::span<const std::byte> codes);

private:
    uint32_t m_bits;
    uint64_t m_rowElements;
    std::function<void(std::span<const std::byte>)> m_sink;
    uint64_t m_inRow = 0;  // elements of the current row so far
    uint32_t m_waiting = 0, m_waitingBits = 0;
    std::vector<std::byte> m_packed;
};

}  // namespace quant
