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

// Bytes of packed codes.
constexpr uint64_t packedBytes(uint64_t elements, uint32_t bits) {
    return elements / 8 * bits + (elements % 8 * bits + 7) / 8;
}

// The shape of the bytes that hold the packed codes of a tensor: the tensor's own, with the bytes of a row in
// the last place, where rows end with a byte, else [bytes].
std::vector<uint64_t> packedShape(const std::vector<uint64_t>& shape, uint32_t bits);

// Packs codes of fewer than 8 bits end to end: element i of the tensor, row-major, takes the bits
// [i·bits, (i+1)·bits), lowest first within a byte; what is left of the last byte is 0.
class CodePacker {
public:
    // sink gets the packed bytes in order.
    CodePacker(uint32_t bits, uint64_t elements, std::function<void(std::span<const std::byte>)> sink);

    // Takes a byte per code, of which only the low bits count, in pieces of any size.
    void write(std::span<const std::byte> codes);

private:
    uint32_t m_bits;
    std::function<void(std::span<const std::byte>)> m_sink;
    uint64_t m_left;  // elements to come
    uint32_t m_waiting = 0, m_waitingBits = 0;
    std::vector<std::byte> m_packed;
};

}  // namespace quant
