#pragma once

#include "engine/device_info.h"
#include "quant/gemm_type.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quant {

// How much one invocation (tiled, shared, dot, skinny) or one subgroup (coopmat, in fragments) computes.
struct GemmTile {
    uint32_t rows = 1, columns = 1;
    uint32_t unroll = 1;  // steps along k in the inner loop; of `shared` the depth of a slice

    bool operator==(const GemmTile&) const = default;
};

// "8x3x32". The way back throws std::invalid_argument; each number is 1 to 64, their product at most 8192.
std::string text(const GemmTile& tile);
GemmTile gemmTileFrom(std::string_view text);

struct GemmPlan {
    GemmPath path = GemmPath::Reference;
    GemmTile tile;

    bool operator==(const GemmPlan&) const = default;
};

// The paths that a device has for elements of some types, the reference first.
std::vector<GemmPath> gemmPaths(const engine::DeviceInfo& info, GemmTypes types);

// The shape of the cooperative matrices that a device multiplies them with, with sums of 32 bits: fp16,
// uint8, or int8, which integers of fewer bits become; none where it has no such.
const engine::CooperativeMatrixShape* gemmShape(const engine::DeviceInfo& info, GemmTypes types);

// Workgroups of the path `shared`, of which so many invocations lie side by side along a row of C, and the
// shared memory that they take for a tile.
constexpr uint32_t gemmSharedInvocations = 256, gemmColumnLanes = 16;
uint64_t gemmSharedBytes(const GemmTile& tile);

// Tiles worth trying on a path of the device, the one that is taken without a measurement first; one for the
// reference.
std::vector<GemmTile> gemmTiles(const engine::DeviceInfo& info, GemmPath path);

}  // namespace quant
