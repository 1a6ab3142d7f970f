#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quant {

// Elements of a matrix of a product. Those of fewer than 8 bits lie end to end, lowest bits first, as
// code_storage packs codes.
enum class GemmType {
    Fp32,
    Tf32,  // fp32 in memory, rounded to 10 bits of mantissa (nearest, ties to even) where it is read
    Fp16,
    Bf16,
    Int16,
    Int8,
    Uint8,
    Int4,
    Ternary,  // 2 bits: -1, 0, 1, and -2
    Binary,   // 1 bit: 0 for -1, 1 for +1
};

// "fp32", "tf32", "fp16", "bf16", "int16", "int8", "uint8", "int4", "ternary", "binary"; the way back throws
// std::invalid_argument.
std::string_view name(GemmType type);
GemmType gemmTypeFrom(std::string_view text);

constexpr uint32_t elementBits(GemmType type) {
    constexpr uint32_t bits[] = {32, 32, 16, 16, 16, 8, 8, 4, 2, 1};
    return bits[static_cast<size_t>(type)];
}
// Of that many elements, in whole words.
constexpr uint64_t wordBytes(GemmType type, uint64_t elements) {
    return (elements * elementBits(type) + 31) / 32 * 4;
}
constexpr bool isInteger(GemmType type) {
    return type >= GemmType::Int16;
}

// The elements of A and B. Floats are of one type and give a product of fp32; integers may be mixed and give
// one of int32, whose sums wrap modulo 2^32.
struct GemmTypes {
    GemmType a = GemmType::Fp32, b = GemmType::Fp32;
    bool hasHalfSums = false;  // of fp16: sums are fp16 too, rounded at each step, and overflow beyond 65504

    constexpr GemmTypes() = default;
    constexpr GemmTypes(GemmType both) : a(both), b(both) {}
    constexpr GemmTypes(GemmType a_, GemmType b_) : a(a_), b(b_) {}
    static constexpr GemmTypes halfSums() {
        GemmTypes types = GemmType::Fp16;
        types.hasHalfSums = true;
        return types;
    }
    bool operator==(const GemmTypes&) const = default;
};
constexpr bool isInteger(GemmTypes types) {
    return isInteger(types.a);
}

// "int8" where both are that; "int4", "ternary" and "binary" are such weights B against int8; else
// "uint8-int8", A first; "fp16:fp16" with half sums. The way back throws std::invalid_argument, for pairs
// that are not multiplied too.
std::string name(GemmTypes types);
GemmTypes gemmTypesFrom(std::string_view text);

// How a product is computed.
enum class GemmPath {
    Reference,  // an element for each invocation, by the definition
    Tiled,      // tiles in registers, from matrices packed into panels of floats; integers exactly
    Shared,     // tiles in registers, through shared memory; floats
    Skinny,     // few rows or columns: every element is read once, where it lies
    Dot,        // packed 4 x 8-bit dot products
    Coopmat,    // cooperative matrices (VK_KHR_cooperative_matrix)
};

// "reference", "tiled", "shared", "skinny", "dot", "coopmat"; the way back throws std::invalid_argument.
std::string_view name(GemmPath path);
GemmPath gemmPathFrom(std::string_view text);

}  // namespace quant
