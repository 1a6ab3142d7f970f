#version 460
// Puts the slices of attention together: each has its sums in units of e^(its greatest score). A row that saw
// no key is zero, the logarithm of its sum minus infinity.
#extension GL_GOOGLE_include_directive : require

#include "attention.h"
#include "compute/exponential.glsl"
#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"

layout(push_constant, scalar) uniform Push {
    AttentionCombinePush push;
};

// What a slice of the row's has in a column: of [columns + 2].
float partialOf(uint group, uint column, uint rowOfTile) {
    const uint line = group * (push.columns + 2u) + column;
    return uintBitsToFloat(wordsFrom(push.partials, line, 4u * push.tileRows).at[rowOfTile]);
}

void main() {
    if (invocationIndex() >= push.count) return;
    const uint index = push.first + invocationIndex();
    const uint row = index / push.columns, column = index % push.columns;
    const uint rowOfHead = row % push.rows, rowOfTile = rowOfHead % push.tileRows;
    const uint firstGroup = (row / push.rows * push.tiles + rowOfHead / push.tileRows) * push.slices;
    float top = minusInfinity;
    for (uint slice = 0u; slice < push.slices; ++slice) {
        const float greatest = partialOf(firstGroup + slice, push.columns, rowOfTile);
        top = greatest > top ? greatest : top;
    }
    const float origin = top == minusInfinity ? 0.0 : top;
    float sum = 0.0, total = 0.0;
    for (uint slice = 0u; slice < push.slices; ++slice) {
        const uint group = firstGroup + slice;
        const float share = expOfNegative(partialOf(group, push.columns, rowOfTile) - origin);
        sum = fma(share, partialOf(group, column, rowOfTile), sum);
        total = fma(share, partialOf(group, push.columns + 1u, rowOfTile), total);
    }
    push.result.at[index] = floatBitsToUint(total == 0.0 ? 0.0 : sum / total);
    if (column == 0u && push.hasLogSums != 0u)
        push.logSums.at[row] = floatBitsToUint(total == 0.0 ? minusInfinity : origin + logOf(total));
}
