#version 460
// C = alpha * A * B + beta * C + bias for floats of any type, with float32 sums, through shared memory: the
// plan for GPUs. It reads the matrices as they lie (any strides, any edge) and needs no scratch memory.
//
// A workgroup computes a tile of (rowLanes * rowsPerLane) x (columnLanes * columnsPerLane) elements,
// columnLanes * rowLanes = workgroupSize. The tile's next slices of A and B, depthStep deep, are fetched into
// registers while the present ones, in shared memory, are multiplied. Elements beyond an edge are read at a
// clamped place and replaced by zero.
#extension GL_GOOGLE_include_directive : require

#include "compute/gemm_epilogue.glsl"
#include "compute/grid.glsl"

layout(constant_id = 0) const uint elementType = elementF32;
layout(constant_id = 2) const uint rowsPerLane = 4;
layout(constant_id = 3) const uint columnsPerLane = 4;
layout(constant_id = 4) const uint depthStep = 16;
layout(constant_id = 5) const uint columnLanes = 16;
// The direction in which neighbouring invocations read a slice: along k if that is the contiguous one.
layout(constant_id = 6) const bool readsAAlongDepth = true;
layout(constant_id = 7) const bool readsBAlongDepth = false;
layout(push_constant, scalar) uniform Push {
    GemmPush push;
};

const uint rowLanes = workgroupSize / columnLanes;
const uint tileRows = rowLanes * rowsPerLane;
const uint tileColumns = columnLanes * columnsPerLane;
const uint fetchesA = (tileRows * depthStep + workgroupSize - 1u) / workgroupSize;
const uint fetchesB = (tileColumns * depthStep + workgroupSize - 1u) / workgroupSize;
// [k][outer], padded against bank conflicts of the transposing writes.
const uint pitchA = tileRows + 4u;
const uint pitchB = tileColumns + 4u;
shared float sliceA[depthStep * pitchA];
shared float sliceB[depthStep * pitchB];

float fetchedA[fetchesA];
float fetchedB[fetchesB];
float sums[rowsPerLane * columnsPerLane];

// Where fetch f of the invocation lies in a slice: x along the outer dimension, y along the depth.
uvec2 placeOf(uint fetch, uint outer, bool alongDepth) {
    const uint index = fetch * workgroupSize + gl_LocalInvocationIndex;
    return alongDepth ? uvec2(index / depthStep, index % depthStep) : uvec2(index % outer, index / outer);
}

float valueAt(Words matrix, uint first, uvec2 place, uvec2 size, uvec2 stride) {
    const uvec2 inside = min(place, size - 1u);
    const uint index = first + inside.x * stride.x + inside.y * stride.y;
    const float value = elementValue(elementBits(matrix, index, elementType), elementType);
    return all(lessThan(place, size)) ? value : 0.0;
}

void fetchSlices(uvec2 origin, uint depth) {
    [[unroll]] for (uint f = 0u; f < fetchesA; ++f) {
        const uvec2 place = placeOf(f, tileRows, readsAAlongDepth) + uvec2(origin.y, depth);
        fetchedA[f] =
            valueAt(push.a, push.aFirst, place, uvec2(push.m, push.k), uvec2(push.aRow, push.aColumn));
    }
    [[unroll]] for (uint f = 0u; f < fetchesB; ++f) {
        const uvec2 place = placeOf(f, tileColumns, readsBAlongDepth) + uvec2(origin.x, depth);
        fetchedB[f] =
            valueAt(push.b, push.bFirst, place, uvec2(push.n, push.k), uvec2(push.bColumn, push.bRow));
    }
}

void shareSlices() {
    [[unroll]] for (uint f = 0u; f < fetchesA; ++f) {
        const uvec2 place = placeOf(f, tileRows, readsAAlongDepth);
        if (place.x < tileRows && place.y < depthStep) sliceA[place.y * pitchA + place.x] = fetchedA[f];
    }
    [[unroll]] for (uint f = 0u; f < fetchesB; ++f) {
        const uvec2 place = placeOf(f, tileColumns, readsBAlongDepth);
        if (place.x < tileColumns && place.y < depthStep) sliceB[place.y * pitchB + place.x] = fetchedB[f];
    }
}

void multiplySlices(uint rowLane, uint columnLane) {
    [[unroll]] for (uint k = 0u; k < depthStep; ++k) {
        float rows[rowsPerLane];
        float columns[columnsPerLane];
        [[unroll]] for (uint i = 0u; i < rowsPerLane; ++i)
            rows[i] = sliceA[k * pitchA + rowLane * rowsPerLane + i];
        [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j)
            columns[j] = sliceB[k * pitchB + j * columnLanes + columnLane];
        [[unroll]] for (uint i = 0u; i < rowsPerLane; ++i) {
            [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j)
                sums[i * columnsPerLane + j] = fma(rows[i], columns[j], sums[i * columnsPerLane + j]);
        }
    }
}

void main() {
    const uint columnLane = gl_LocalInvocationIndex % columnLanes;
    const uint rowLane = rowLanes == 1u ? 0u : gl_LocalInvocationIndex / columnLanes;
    const uint across = (push.n + tileColumns - 1u) / tileColumns;
    const uvec2 tile = uvec2(workgroupIndex() % across, workgroupIndex() / across);
    if (tile.y * tileRows >= push.rows) return;
    const uvec2 origin = uvec2(tile.x * tileColumns, push.firstRow + tile.y * tileRows);
    [[unroll]] for (uint i = 0u; i < rowsPerLane * columnsPerLane; ++i)
        sums[i] = 0.0;

    fetchSlices(origin, 0u);
    uint depth = 0u;
    do {
        shareSlices();
        barrier();
        depth += depthStep;
        // Clamped and replaced by zeros after the last slice.
        fetchSlices(origin, depth);
        multiplySlices(rowLane, columnLane);
        barrier();
    } while (depth < push.k);

    [[unroll]] for (uint i = 0u; i < rowsPerLane; ++i) {
        const uint row = origin.y + rowLane * rowsPerLane + i;
        Words c = rowOfC(push.c, row, push.cRow);
        [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j) {
            const uint column = origin.x + j * columnLanes + columnLane;
            if (row < push.m && column < push.n)
                storeFloat(push.epilogue, c, PlaceOfC(push.epilogue.firstBatch, row, column),
                           sums[i * columnsPerLane + j]);
        }
    }
}
