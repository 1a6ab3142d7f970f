#include "quant/dtype.h"

#include <array>
#include <cassert>
#include <cstddef>
#include <utility>

namespace quant {
namespace {

struct Description {
    DType dtype;
    std::string_view name;
    uint32_t sizeBits;
};

constexpr std::array descriptions = {
    Description{DType::F64, "F64", 64},
    Description{DType::F32, "F32", 32},
    Description{DType::F16, "F16", 16},
    Description{DType::BF16, "BF16", 16},
    Description{DType::F8E4M3, "F8_E4M3", 8},
    Description{DType::F8E5M2, "F8_E5M2", 8},
    Description{DType::I64, "I64", 64},
    Description{DType::I32, "I32", 32},
    Description{DType::I16, "I16", 16},
    Description{DType::I8, "I8", 8},
    Description{DType::U64, "U64", 64},
    Description{DType::U32, "U32", 32},
    Description{DType::U16, "U16", 16},
    Description{DType::U8, "U8", 8},
    Description{DType::Bool, "BOOL", 8},
    Description{DType::C64, "C64", 64},
    Description{DType::F8E8M0, "F8_E8M0", 8},
    Description{DType::F8E4M3FNUZ, "F8_E4M3FNUZ", 8},
    Description{DType::F8E5M2FNUZ, "F8_E5M2FNUZ", 8},
    Description{DType::F6E2M3, "F6_E2M3", 6},
    Description{DType::F6E3M2, "F6_E3M2", 6},
    Description{DType::F4, "F4", 4},
};

consteval bool isInEnumOrder() {
    for (size_t i = 0; i < descriptions.size(); ++i) {
        if (std::to_underlying(descriptions[i].dtype) != i) return false;
    }
    return descriptions.back().dtype == DType::F4;
}
static_assert(isInEnumOrder(), "the table is indexed by the enum");

const Description& describe(DType dtype) {
    assert(std::to_underlying(dtype) < descriptions.size());
    return descriptions[std::to_underlying(dtype)];
}

}  // namespace

uint32_t elementSizeBits(DType dtype) {
    return describe(dtype).sizeBits;
}

uint32_t elementSizeBytes(DType dtype) {
    return (elementSizeBits(dtype) + 7) / 8;
}

std::string_view name(DType dtype) {
    return describe(dtype).name;
}

std::optional<DType> dtypeFromName(std::string_view name) {
    for (const Description& description : descriptions) {
        if (description.name == name) return description.dtype;
    }
    return {};
}

bool isAnalyzable(DType dtype) {
    return dtype == DType::F64 || dtype == DType::F32 || dtype == DType::F16 || dtype == DType::BF16;
}

}  // namespace quant
