#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace quant {

// Element types that tensor files store: all that the safetensors format knows. Only F32, F16 and BF16 are
// read natively by the kernels; F64 is narrowed to F32 while it is loaded; everything else is listed as
// skipped.
enum class DType : uint8_t {
    F64,
    F32,
    F16,
    BF16,
    F8E4M3,
    F8E5M2,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
    C64,
    F8E8M0,
    F8E4M3FNUZ,
    F8E5M2FNUZ,
    F6E2M3,
    F6E3M2,
    F4,
};

// Size of one element in bits: 4 and 6 for the packed types, otherwise a multiple of 8.
uint32_t elementSizeBits(DType dtype);

// Size of one element in bytes, rounded up to 1 for the packed types F4, F6E2M3 and F6E3M2: the size of a
// tensor is TensorInfo::sizeBytes, not a product with this number.
uint32_t elementSizeBytes(DType dtype);

// The name as safetensors spells it: "F32", "BF16", "I8", "BOOL", "F8_E4M3".
std::string_view name(DType dtype);

// The type of that name, if there is one; the spelling must match exactly.
std::optional<DType> dtypeFromName(std::string_view name);

// True for the types whose tensors can be analyzed: F64, F32, F16, BF16.
bool isAnalyzable(DType dtype);

}  // namespace quant
