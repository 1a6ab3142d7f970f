#include "quant/raw.h"

#include "tests/reading.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

using namespace quant;
using namespace quant::tests;

namespace {

std::string complaint(std::string_view bytes, std::string_view layout) {
    const TempFolder folder;
    const auto path = folder.write("w.bin", bytes);
    const std::string message = complaintOf([&] { RawFile(InputFile(path), rawLayoutFrom(layout)); });
    return message.empty() ? "" : message.substr(path.string().size() + 2);
}

std::string usage(std::string_view text) {
    try {
        rawLayoutFrom(text);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a raw file is one tensor of the type and shape that are given", "[raw]") {
    const TempFolder folder;
    const RawFile file(InputFile(folder.write("conv.weight.bin", "abcdefghijkl")), rawLayoutFrom("f16:2x3"));
    REQUIRE(file.tensors().size() == 1);
    CHECK(file.format() == "raw");
    CHECK(file.tensors()[0].name == "conv.weight");
    CHECK(file.tensors()[0].dtype == DType::F16);
    CHECK(file.tensors()[0].shape == std::vector<uint64_t>{2, 3});
    CHECK(readAll(file, 0) == "abcdefghijkl");
    CHECK(readRange(file, 0, 4, 2) == "ef");
}

TEST_CASE("one extent may be left to the file's size", "[raw]") {
    const TempFolder folder;
    const auto path = folder.write("w", std::string(48, 'x'));
    const auto shapeOf = [&](std::string_view layout) {
        return RawFile(InputFile(path), rawLayoutFrom(layout)).tensors()[0].shape;
    };
    CHECK(shapeOf("f32:?") == std::vector<uint64_t>{12});
    CHECK(shapeOf("f64:2x?") == std::vector<uint64_t>{2, 3});
    CHECK(shapeOf("bf16:?x3x4") == std::vector<uint64_t>{2, 3, 4});
}

TEST_CASE("a raw file of another size is refused", "[raw]") {
    CHECK(complaint("abcdefg", "f32:2") == "field 'size': 7 bytes, but f32:2 needs 8");
    CHECK(complaint("abcdefghi", "f32:2") == "field 'size': 9 bytes, but f32:2 needs 8");
    CHECK(complaint("abcdefg", "f32:?") == "field 'size': 7 bytes are no whole number of slices of f32:?");
    CHECK(complaint("", "f32:0x3").empty());
    CHECK(complaint("x", "f32:0x?") == "field 'shape': the open extent is not determined by the file's size");
    CHECK(complaint("x", "f32:4294967296x4294967296") ==
          "field 'shape': the size of the shape overflows 64 bits");
    CHECK(complaint("x", "f32:?x4294967296x4294967296") ==
          "field 'shape': the size of the shape overflows 64 bits");
}

TEST_CASE("a layout that cannot be understood says why", "[raw]") {
    CHECK(usage("f32:64x3x3x3").empty());
    CHECK(usage("i8:4") == "'i8' is none of the types f64, f32, f16, bf16");
    CHECK(usage("") == "'' is none of the types f64, f32, f16, bf16");
    CHECK(usage("f32") == "a shape is missing, as in f32:64x3x3x3");
    CHECK(usage("f32:") == "a shape is missing, as in f32:64x3x3x3");
    CHECK(usage("f32:4x") == "'' is no extent in a shape such as 64x3x3x3");
    CHECK(usage("f32:-4") == "'-4' is no extent in a shape such as 64x3x3x3");
    CHECK(usage("f32:4*4") == "'4*4' is no extent in a shape such as 64x3x3x3");
    CHECK(usage("f32:18446744073709551616").starts_with("'18446744073709551616' is no extent"));
    CHECK(usage("f32:?x?") == "only one extent may be ?");
    std::string deep = "f32:1";
    for (int i = 0; i < 64; ++i) deep += "x1";
    CHECK(usage(deep) == "a shape has at most 64 extents");
}
