#include "quant/gemm_tile.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace quant {

namespace {

constexpr uint32_t largestNumber = 64;
constexpr uint32_t mostSteps = 8192;  // multiplications of an unrolled loop: more take minutes to compile

bool isCpu(const engine::DeviceInfo& info) {
    return info.type == engine::DeviceType::Cpu;
}

// As cooperative matrices name what the elements are in panels; empty where they have no such.
std::string_view elementName(GemmType type) {
    if (type == GemmType::Fp16) return "float16";
    if (type == GemmType::Uint8) return "uint8";
    return isInteger(type) && type != GemmType::Int16 ? "int8" : "";
}

}  // namespace

std::string text(const GemmTile& tile) {
    return std::to_string(tile.rows) + "x" + std::to_string(tile.columns) + "x" + std::to_string(tile.unroll);
}

GemmTile gemmTileFrom(std::string_view text) {
    GemmTile tile;
    const char *at = text.data(), *const end = text.data() + text.size();
    for (uint32_t* number : {&tile.rows, &tile.columns, &tile.unroll}) {
        if (number != &tile.rows && (at == end || *at++ != 'x')) at = nullptr;
        const auto [rest, error] = at ? std::from_chars(at, end, *number)
                                      : std::from_chars_result{nullptr, std::errc::invalid_argument};
        if (error != std::errc() || *number < 1 || *number > largestNumber) {
            throw std::invalid_argument("'" + std::string(text) +
                                        "' is no tile, which is ROWSxCOLUMNSxUNROLL, each 1 to " +
                                        std::to_string(largestNumber));
        }
        at = rest;
    }
    if (at != end) throw std::invalid_argument("'" + std::string(text) + "' is no tile: more follows it");
    if (tile.rows * tile.columns * tile.unroll > mostSteps) {
        throw std::invalid_argument("tile " + std::string(text) + " unrolls to more than " +
                                    std::to_string(mostSteps) + " steps");
    }
    return tile;
}

const engine::CooperativeMatrixShape* gemmShape(const engine::DeviceInfo& info, GemmTypes types) {
    const std::string_view a = elementName(types.a), b = elementName(types.b);
    const std::string_view sum = types.hasHalfSums ? "float16"
                                 : a == "float16"  ? "float32"
                                 : a == "uint8"    ? "uint32"
                                                   : "int32";
    // Panels are read by elements.
    if (isInteger(types) ? !info.int8 : !(info.float16 && info.int16)) return nullptr;
    const auto isRight = [&](const engine::CooperativeMatrixShape& shape) {
        return !a.empty() && a == b && shape.a == a && shape.b == b && shape.c == sum && shape.result == sum;
    };
    // The deepest multiplies most at a time.
    const engine::CooperativeMatrixShape* best = nullptr;
    for (const auto& shape : info.cooperativeMatrices) {
        if (isRight(shape) && (!best || shape.m * shape.n * shape.k > best->m * best->n * best->k))
            best = &shape;
    }
    return best;
}

std::vector<GemmPath> gemmPaths(const engine::DeviceInfo& info, GemmTypes types) {
    const bool isOfBytes = types.a == GemmType::Int16 || types.b == GemmType::Int16;
    std::vector<GemmPath> paths{GemmPath::Reference};
    const auto add = [&](GemmPath path, bool isThere) {
        if (isThere) paths.push_back(path);
    };
    add(GemmPath::Tiled, !types.hasHalfSums);
    add(GemmPath::Skinny, !types.hasHalfSums && !isOfBytes);  // bytes of wider integers lie apart
    add(GemmPath::Shared, !types.hasHalfSums && !isInteger(types));
    add(GemmPath::Dot, isInteger(types) && info.integerDotProduct);
    add(GemmPath::Coopmat, gemmShape(info, types) != nullptr);
    return paths;
}

uint64_t gemmSharedBytes(const GemmTile& tile) {
    const uint64_t rows = gemmSharedInvocations / gemmColumnLanes * tile.rows;
    const uint64_t columns = uint64_t{gemmColumnLanes} * tile.columns;
    constexpr uint64_t padding = 8;  // of both slices, against bank conflicts
    return tile.unroll * (rows + columns + padding) * sizeof(float);
}

std::vector<GemmTile> gemmTiles(const engine::DeviceInfo& info, GemmPath path) {
    switch (path) {
        case GemmPath::Reference:
            return {{}};
        case GemmPath::Tiled:
            // llvmpipe wants long runs without a branch, and has as many registers as the processor.
            if (isCpu(info)) return {{8, 3, 32}, {4, 3, 32}, {12, 2, 32}, {6, 4, 16}};
            return {{8, 4, 8}, {4, 4, 8}, {8, 8, 4}};
        case GemmPath::Shared: {
            std::vector<GemmTile> tiles{{8, 8, 16}, {4, 8, 16}, {4, 4, 16}};
            std::erase_if(
                tiles, [&](const GemmTile& tile) { return gemmSharedBytes(tile) > info.sharedMemoryBytes; });
            return tiles;
        }
        case GemmPath::Skinny:
            return {{8, 4, 8}, {8, 64, 1}};
        case GemmPath::Dot:
            return {{8, 2, 16}, {8, 4, 4}, {4, 4, 4}};
        case GemmPath::Coopmat:
            if (isCpu(info)) return {{2, 2, 2}};
            return {{4, 4, 2}, {2, 4, 2}, {2, 2, 2}};
    }
    return {};
}

}  // namespace quant
