#include "quant/dtype.h"

#include "quant/tensor_file.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <utility>

using namespace quant;

namespace {

struct Known {
    std::string_view name;
    DType dtype;
    uint32_t sizeBits;
};
// The list of https://github.com/huggingface/safetensors, safetensors/src/tensor.rs, enum Dtype.
constexpr std::array known = {
    Known{"BOOL", DType::Bool, 8},
    Known{"F4", DType::F4, 4},
    Known{"F6_E2M3", DType::F6E2M3, 6},
    Known{"F6_E3M2", DType::F6E3M2, 6},
    Known{"U8", DType::U8, 8},
    Known{"I8", DType::I8, 8},
    Known{"F8_E5M2", DType::F8E5M2, 8},
    Known{"F8_E4M3", DType::F8E4M3, 8},
    Known{"F8_E8M0", DType::F8E8M0, 8},
    Known{"F8_E4M3FNUZ", DType::F8E4M3FNUZ, 8},
    Known{"F8_E5M2FNUZ", DType::F8E5M2FNUZ, 8},
    Known{"I16", DType::I16, 16},
    Known{"U16", DType::U16, 16},
    Known{"F16", DType::F16, 16},
    Known{"BF16", DType::BF16, 16},
    Known{"I32", DType::I32, 32},
    Known{"U32", DType::U32, 32},
    Known{"F32", DType::F32, 32},
    Known{"C64", DType::C64, 64},
    Known{"F64", DType::F64, 64},
    Known{"I64", DType::I64, 64},
    Known{"U64", DType::U64, 64},
};

}  // namespace

TEST_CASE("every dtype has the name and size that safetensors gives it") {
    for (const Known& type : known) {
        CAPTURE(type.name);
        CHECK(name(type.dtype) == type.name);
        CHECK(dtypeFromName(type.name) == type.dtype);
        CHECK(elementSizeBits(type.dtype) == type.sizeBits);
    }
}

TEST_CASE("the size of an element in bytes is rounded up to whole bytes") {
    CHECK(elementSizeBytes(DType::F4) == 1);
    CHECK(elementSizeBytes(DType::F6E2M3) == 1);
    CHECK(elementSizeBytes(DType::U8) == 1);
    CHECK(elementSizeBytes(DType::BF16) == 2);
    CHECK(elementSizeBytes(DType::C64) == 8);
}

TEST_CASE("a dtype's name must match exactly") {
    for (const char* name : {"", "f32", "F32 ", "F", "F128", "BOOLEAN"}) CHECK_FALSE(dtypeFromName(name));
}

TEST_CASE("exactly F64, F32, F16 and BF16 can be analyzed") {
    for (const Known& type : known) {
        const bool expected =
            type.name == "F64" || type.name == "F32" || type.name == "F16" || type.name == "BF16";
        CHECK(isAnalyzable(type.dtype) == expected);
    }
}

TEST_CASE("a tensor's counts follow from shape and dtype") {
    const auto matrix = makeTensorInfo("m", DType::F16, {3, 5});
    REQUIRE(matrix);
    CHECK(matrix->elements == 15);
    CHECK(matrix->sizeBytes == 30);
    CHECK(makeTensorInfo("scalar", DType::F64, {})->elements == 1);
    CHECK(makeTensorInfo("empty", DType::F64, {4, 0})->elements == 0);
    CHECK(makeTensorInfo("empty", DType::F64, {4, 0})->sizeBytes == 0);
    CHECK(makeTensorInfo("packed", DType::F4, {3, 2})->sizeBytes == 3);
    CHECK(makeTensorInfo("packed", DType::F6E3M2, {4})->sizeBytes == 3);
}

TEST_CASE("a shape whose size overflows 64 bits is refused, zeros or not") {
    const uint64_t half = uint64_t{1} << 32;
    CHECK_FALSE(makeTensorInfo("x", DType::U8, {half, half}));
    CHECK_FALSE(makeTensorInfo("x", DType::U8, {half, half, 0}));
    CHECK_FALSE(makeTensorInfo("x", DType::U8, {0, half, half}));
    CHECK_FALSE(makeTensorInfo("x", DType::F64, {half, half / 4}));
    CHECK(makeTensorInfo("x", DType::U8, {half, half / 16}));
}

TEST_CASE("packed elements that end within a byte are refused") {
    const auto odd = makeTensorInfo("x", DType::F4, {3});
    REQUIRE_FALSE(odd);
    CHECK(odd.error() == "3 elements of dtype F4 do not fill whole bytes");
    CHECK_FALSE(makeTensorInfo("x", DType::F6E2M3, {2}));
}

TEST_CASE("more than 64 dimensions are refused") {
    CHECK(makeTensorInfo("x", DType::U8, std::vector<uint64_t>(64, 1)));
    CHECK_FALSE(makeTensorInfo("x", DType::U8, std::vector<uint64_t>(65, 1)));
}
