#version 460
// Transforms the input of a 3 x 3 convolution: B^T d B for every tile and channel, padding included. Lanes
// lie along tiles, so that they write contiguous runs.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require

#include "compute/grid.glsl"  // a workgroup is one subgroup

layout(constant_id = 0) const uint elementType = 0;
#define rowsOf(tile) (tile + 2u)
#define columnsOf(tile) (tile + 2u)
#define small winograd2Input
#define large winograd4Input
#include "compute/conv_runs.glsl"
#include "compute/conv_winograd.glsl"
layout(push_constant, scalar) uniform Push {
    ConvWinogradPush push;
};
#include "compute/conv_winograd_tiles.glsl"

// Of the rows and columns of the lane's tile.
uint rowMasks[rows], columnMasks[rows];

void findMasks(int y, int x) {
    [[unroll]] for (uint i = 0u; i < rows; ++i) {
        rowMasks[i] = maskOf(y + int(i), push.height);
        columnMasks[i] = maskOf(x + int(i), push.width);
    }
}

// Of a plane that begins with element `plane`; x and y are the lane's, firstX the first lane's.
void load(uint plane, int y, int x, int firstX, bool isInside) {
    [[unroll]] for (uint i = 0u; i < rows; ++i) {
        const uint first = plane + clamped(y + int(i), push.height) * push.width;
        Words base = runBase(push.tensor, first + uint(firstX));
        [[unroll]] for (uint j = 0u; j < rows; ++j) {
            uint bits;
            if (isInside)
                bits = pickedFrom(base, first + uint(firstX), j, tile);
            else
                bits = elementBits(push.tensor, first + clamped(x + int(j), push.width), elementType);
            operand[i * rows + j] = elementValue(bits & rowMasks[i] & columnMasks[j], elementType);
        }
    }
}

void main() {
    findLane();
    uint channel = firstPlaneOfWorkgroup();
    if (channel >= push.planes) return;
    const Tile own = tileAt(lane), first = tileAt(0u);
    const int y = int(own.row * tile) - int(push.padTop), x = int(own.column * tile) - int(push.padLeft);
    const int firstX = int(first.column * tile) - int(push.padLeft);
    const uint end = min(channel + push.planesPerLane, push.planes);
    const int uniformY = picksLanes ? int(first.row * tile) - int(push.padTop) : y;
    findMasks(y, x);
    // Tested at its end: see gemm_tiled.
    do {
        const uint plane = (own.image * push.planes + channel) * (push.height * push.width);
        const uint uniformPlane = (first.image * push.planes + channel) * (push.height * push.width);
        if (picksLanes &&
            isInTensor(uniformPlane + clamped(uniformY, push.height) * push.width, firstX,
                       uniformPlane + clamped(uniformY + int(rows) - 1, push.height) * push.width,
                       firstX + int(tile * (workgroupSize - 1u) + rows - 1u), push.elements))
            load(uniformPlane, uniformY, x, firstX, true);
        else
            load(plane, y, x, firstX, false);
        transform();
        if (own.exists) {
            uint at = channel * push.pitch + own.place;
            [[unroll]] for (uint i = 0u; i < rows * rows; ++i) {
                push.scratch.at[at] = floatBitsToUint(transformed[i]);
                at += push.planes * push.pitch;
            }
        }
    } while (++channel < end);
}
