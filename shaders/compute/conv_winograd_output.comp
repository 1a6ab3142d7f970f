#version 460
// Transforms the products of a 3 x 3 convolution into its outputs: A^T M A for every tile and filter, then
// the epilogue. What tiles have beyond the output's edges is dropped.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require

#include "compute/conv_epilogue.glsl"
#include "compute/grid.glsl"  // a workgroup is one subgroup

const uint elementType = 0;  // of the products
#define rowsOf(tile) (tile)
#define columnsOf(tile) (tile + 2u)
#define small winograd2Output
#define large winograd4Output
#include "compute/conv_runs.glsl"
#include "compute/conv_winograd.glsl"
layout(push_constant, scalar) uniform Push {
    ConvWinogradPush push;
};
#include "compute/conv_winograd_tiles.glsl"

void main() {
    findLane();
    uint plane = firstPlaneOfWorkgroup();
    if (plane >= push.planes) return;
    const Tile own = tileAt(lane), first = tileAt(0u);
    const uint end = min(plane + push.planesPerLane, push.planes);
    // Tested at its end: see gemm_tiled.
    do {
        [[unroll]] for (uint i = 0u; i < columns * columns; ++i) {
            const uint row = (i * push.planes + plane) * push.pitch;
            // Rows are long enough for lanes that have no tile.
            const uint bits = picksLanes ? pickedFrom(runBase(push.scratch, row + first.place), 0u, 0u, 1u)
                                         : push.scratch.at[row + own.place];
            operand[i] = uintBitsToFloat(bits);
        }
        transform();
        const uint filterIndex = push.firstPlane + plane;
        const uint firstRow = own.row * tile, firstColumn = own.column * tile;
        [[unroll]] for (uint i = 0u; i < rows; ++i) {
            [[unroll]] for (uint j = 0u; j < rows; ++j) {
                if (own.exists && firstRow + i < push.height && firstColumn + j < push.width)
                    storeOutput(push.epilogue, push.tensor, push.tensorPlanes, push.height * push.width,
                                own.image, filterIndex, (firstRow + i) * push.width + firstColumn + j,
                                floatBitsToUint(transformed[i * rows + j]), false, false);
            }
        }
    } while (++plane < end);
}
