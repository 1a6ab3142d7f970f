#include "quant/gemm_tile.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <stdexcept>

namespace tests {

using namespace quant;

TEST_CASE("Tiles, types and paths are read back, others refused", "[gemm]") {
    const GemmTile tile{8, 3, 32};
    CHECK(text(tile) == "8x3x32");
    CHECK(gemmTileFrom("8x3x32") == tile);
    for (const char* wrong : {"", "8", "8x3", "8x3x", "x3x32", "8x3x32x1", "0x1x1", "65x1x1", "8 x3x32",
                              "8x3x32 ", "-1x1x1", "64x64x64"})
        CHECK_THROWS_AS(gemmTileFrom(wrong), std::invalid_argument);
    for (const char* type :
         {"fp32", "tf32", "fp16", "bf16", "int16", "int8", "uint8", "int4", "ternary", "binary"}) {
        CHECK(name(gemmTypeFrom(type)) == type);
        CHECK(name(gemmTypesFrom(type)) == type);
    }
    CHECK(gemmTypesFrom("binary") == GemmTypes(GemmType::Int8, GemmType::Binary));
    CHECK(gemmTypesFrom("uint8-int8") == GemmTypes(GemmType::Uint8, GemmType::Int8));
    CHECK(gemmTypesFrom("fp16:fp16").hasHalfSums);
    for (const char* types : {"fp16:fp16", "uint8-int4", "int4-int4", "int16-int8"})
        CHECK(name(gemmTypesFrom(types)) == types);
    CHECK_THROWS_AS(gemmTypesFrom("fp16-int8"), std::invalid_argument);
    CHECK_THROWS_AS(gemmTypesFrom("int8-"), std::invalid_argument);
    for (const char* path : {"reference", "tiled", "shared", "skinny", "dot", "coopmat"})
        CHECK(name(gemmPathFrom(path)) == path);
    CHECK_THROWS_AS(gemmTypeFrom("int9"), std::invalid_argument);
    CHECK_THROWS_AS(gemmPathFrom("auto"), std::invalid_argument);
}

TEST_CASE("A device has the paths that its features allow", "[gemm]") {
    engine::DeviceInfo info;
    using enum GemmPath;
    CHECK(gemmPaths(info, GemmType::Fp16) == std::vector{Reference, Tiled, Skinny, Shared});
    CHECK(gemmPaths(info, GemmType::Int8) == std::vector{Reference, Tiled, Skinny});
    info.integerDotProduct = true;
    CHECK(gemmPaths(info, GemmType::Uint8) == std::vector{Reference, Tiled, Skinny, Dot});
    info.cooperativeMatrices = {{16, 16, 16, "float16", "float16", "float16", "float16"},
                                {16, 8, 16, "float16", "float16", "float32", "float32"},
                                {16, 16, 16, "float16", "float16", "float32", "float32"},
                                {16, 8, 32, "int8", "int8", "int32", "int32"},
                                {16, 8, 32, "uint8", "uint8", "uint32", "uint32"}};
    // Elements of matrices are stored by 8 and 16 bits.
    CHECK(!std::ranges::contains(gemmPaths(info, GemmType::Fp16), Coopmat));
    CHECK(!std::ranges::contains(gemmPaths(info, GemmType::Int8), Coopmat));
    info.int8 = info.int16 = info.float16 = true;
    CHECK(std::ranges::contains(gemmPaths(info, GemmType::Fp16), Coopmat));
    CHECK(std::ranges::contains(gemmPaths(info, GemmType::Int8), Coopmat));
    CHECK(!std::ranges::contains(gemmPaths(info, GemmType::Fp32), Coopmat));
    CHECK(std::ranges::contains(gemmPaths(info, GemmType::Uint8), Coopmat));
    CHECK(std::ranges::contains(gemmPaths(info, {GemmType::Int8, GemmType::Int4}), Coopmat));
    CHECK(!std::ranges::contains(gemmPaths(info, {GemmType::Uint8, GemmType::Int8}), Coopmat));
    CHECK(gemmShape(info, GemmType::Fp16)->n == 16);
    // What Vulkan guarantees.
    info.sharedMemoryBytes = 16384;
    for (const GemmTile& tile : gemmTiles(info, Shared)) CHECK(gemmSharedBytes(tile) <= 16384);
    for (const GemmPath path : gemmPaths(info, GemmType::Fp16)) CHECK(!gemmTiles(info, path).empty());
}

}  // namespace tests
