#pragma once

#include <cstdint>
#include <string_view>

namespace quant {

// Elements of the matrices A and B of a product. Floats give a product of fp32, integers one of int32, whose
// sums wrap modulo 2^32.
enum class GemmType { Fp32, Fp16, Bf16, Int8, Uint8 };

// "fp32", "fp16", "bf16", "int8", "uint8"; the way back throws std::invalid_argument.
std::string_view name(GemmType type);
GemmType gemmTypeFrom(std::string_view text);

constexpr uint32_t elementBytes(GemmType type) {
    return type == GemmType::Fp32 ? 4 : type == GemmType::Int8 || type == GemmType::Uint8 ? 1 : 2;
}
constexpr bool isInteger(GemmType type) {
    return type == GemmType::Int8 || type == GemmType::Uint8;
}

// How a product is computed.
enum class GemmPath {
    Reference,  // an element for each invocation, by the definition
    Tiled,      // tiles in registers, from matrices packed into panels of floats; 8-bit integers exactly
    Shared,     // tiles in registers, through shared memory; floats
    Skinny,     // few rows or columns: every element is read once, where it lies
    Dot,        // packed 4 x 8-bit dot products
    Coopmat,    // cooperative matrices (VK_KHR_cooperative_matrix)
};

// "reference", "tiled", "shared", "skinny", "dot", "coopmat"; the way back throws std::invalid_argument.
std::string_view name(GemmPath path);
GemmPath gemmPathFrom(std::string_view text);

}  // namespace quant
