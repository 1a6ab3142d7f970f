#version 460
// C = A * B where A has few rows (1 to about 8), as for one vector or a small batch: every element of B is
// used so rarely that reading it once is all the work, and packing it would be more than that. Reads the
// matrices as they lie. The host exchanges the roles (C^T = B^T * A^T, by exchanging strides) where it is C
// that has few columns.
//
// A workgroup is one subgroup. Where B's columns are contiguous along n, lanes lie side by side along n and
// each A element is a broadcast. Where they are contiguous along k (a weight matrix [n][k]), lanes lie along
// k, sum a part of each dot product, and add up at the end. Slices of k make work enough for a wide device;
// each has sums of its own, which gemm_sum adds up.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "compute/gemm_memory.glsl"
#include "compute/lanes.glsl"  // a workgroup is one subgroup

layout(constant_id = 0) const uint elementA = elementF32;
layout(constant_id = 7) const uint elementB = elementF32;
layout(constant_id = 2) const uint rowsPerGroup = 1;    // at least m
layout(constant_id = 3) const uint columnsPerLane = 4;  // along k: columns of the workgroup
layout(constant_id = 4) const uint unroll = 8;
layout(constant_id = 5) const bool liesAlongDepth = false;
layout(push_constant, scalar) uniform Push {
    GemmSkinnyPush push;
};

const bool isInteger = elementA >= elementS8 && elementA <= elementSign;
float sums[rowsPerGroup * columnsPerLane];
int integerSums[rowsPerGroup * columnsPerLane];

uint bitsOfA(uint index) {
    return elementBits(push.a, push.aFirst + index, elementA);
}
uint bitsOfB(uint index) {
    return elementBits(push.b, push.bFirst + index, elementB);
}

// The lane's element of a run of workgroupSize of B from `first` on, all inside the matrix.
uint run(uint first) {
    if (!picksLanes || elementB != elementF32) return bitsOfB(first + lane);
    return laneWord(wordsFrom(push.b, push.bFirst + first, 4u), 0u);
}

void addProduct(uint sum, uint a, uint b) {
    if (isInteger)
        integerSums[sum] += int(a) * int(b);
    else
        sums[sum] = fma(elementValue(a, elementA), elementValue(b, elementB), sums[sum]);
}

// One k: a row of B is split among the lanes.
void addAlongColumns(uint k, uint firstColumn, bool isInside) {
    uint columns[columnsPerLane];
    [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j) {
        const uint first = firstColumn + j * workgroupSize;
        if (isInside)
            columns[j] = run(k * push.bRow + first);
        else
            columns[j] = bitsOfB(k * push.bRow + min(first + lane, push.n - 1u));
    }
    [[unroll]] for (uint i = 0u; i < rowsPerGroup; ++i) {
        const uint a = bitsOfA(min(i, push.m - 1u) * push.aRow + k * push.aColumn);
        [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j)
            addProduct(i * columnsPerLane + j, a, columns[j]);
    }
}

// workgroupSize neighbouring k: lanes take one each.
void addAlongDepth(uint k, uint firstColumn, uint depth, bool isInside) {
    const uint clamped = min(k + lane, depth - 1u);
    uint rows[rowsPerGroup];
    [[unroll]] for (uint i = 0u; i < rowsPerGroup; ++i) {
        const uint first = min(i, push.m - 1u) * push.aRow;
        rows[i] =
            isInside ? bitsOfA(first + (k + lane) * push.aColumn) : bitsOfA(first + clamped * push.aColumn);
        if (!isInside && k + lane >= depth) rows[i] = 0u;
    }
    [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j) {
        const uint first = min(firstColumn + j, push.n - 1u) * push.bColumn;
        // Zero on both sides: zero times infinity would not be zero.
        uint b = isInside ? run(first + k) : bitsOfB(first + clamped);
        if (!isInside && k + lane >= depth) b = 0u;
        [[unroll]] for (uint i = 0u; i < rowsPerGroup; ++i)
            addProduct(i * columnsPerLane + j, rows[i], b);
    }
}

// Loops test at their end: see gemm_tiled.
void sumColumns(uint firstColumn, uint k, uint end, bool isInside) {
    if (k + unroll <= end) do {
            [[unroll]] for (uint u = 0u; u < unroll; ++u)
                addAlongColumns(k + u, firstColumn, isInside);
            k += unroll;
        } while (k + unroll <= end);
    if (k < end) do {
            addAlongColumns(k, firstColumn, isInside);
        } while (++k < end);
}

void sumDepth(uint firstColumn, uint k, uint end) {
    const uint step_ = unroll * workgroupSize;
    if (k + step_ <= end) do {
            [[unroll]] for (uint u = 0u; u < unroll; ++u)
                addAlongDepth(k + u * workgroupSize, firstColumn, end, true);
            k += step_;
        } while (k + step_ <= end);
    if (k < end) do {
            addAlongDepth(k, firstColumn, end, false);
            k += workgroupSize;
        } while (k < end);
}

void store(uint slice, uint row, uint column, uint sum) {
    Words c = wordsFrom(push.slices, slice, 4u * push.sliceStride);
    c.at[row * push.cRow + column * push.cColumn] =
        isInteger ? uint(integerSums[sum]) : floatBitsToUint(sums[sum]);
}

void main() {
    findLane();
    [[unroll]] for (uint i = 0u; i < rowsPerGroup * columnsPerLane; ++i) {
        sums[i] = 0.0;
        integerSums[i] = 0;
    }
    const uint slice = workgroupIndex() / push.groups;
    if (slice >= push.sliceCount) return;
    const uint begin = slice * push.sliceDepth;
    const uint end = min(begin + push.sliceDepth, push.k);
    const uint width = liesAlongDepth ? columnsPerLane : columnsPerLane * workgroupSize;
    const uint firstColumn = workgroupIndex() % push.groups * width;
    if (liesAlongDepth) {
        sumDepth(firstColumn, begin, end);
        [[unroll]] for (uint i = 0u; i < rowsPerGroup * columnsPerLane; ++i) {
            if (isInteger)
                integerSums[i] = subgroupAdd(integerSums[i]);
            else
                sums[i] = subgroupAdd(sums[i]);
        }
    } else if (firstColumn + width <= push.n) {
        sumColumns(firstColumn, begin, end, true);
    } else {
        sumColumns(firstColumn, begin, end, false);
    }
    [[unroll]] for (uint i = 0u; i < rowsPerGroup; ++i) {
        [[unroll]] for (uint j = 0u; j < columnsPerLane; ++j) {
            const uint column = firstColumn + (liesAlongDepth ? j : j * workgroupSize + lane);
            if (i < push.m && column < push.n && (!liesAlongDepth || lane == 0u))
                store(slice, i, column, i * columnsPerLane + j);
        }
    }
}
