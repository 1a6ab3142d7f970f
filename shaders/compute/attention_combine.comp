#version 460
// Puts the slices of attention together: each has its sums in units of 2^(its greatest score)
// (T. Dao et al., Flash-Decoding for long-context inference, 2023). An invocation for each element.
#extension GL_GOOGLE_include_directive : require

#include "attention.h"
#include "compute/attention_weights.glsl"
#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"

layout(push_constant, scalar) uniform Push {
    AttentionCombinePush push;
};

float valueOf(Words words, uint index) {
    return uintBitsToFloat(words.at[index]);
}

void main() {
    if (invocationIndex() >= push.count) return;
    const uint index = push.first + invocationIndex();
    const uint row = index / push.columns, column = index % push.columns;
    const uint rowOfHead = row % push.rows;
    const uint tile = row / push.rows * push.tiles + rowOfHead / push.tileRows;
    const uint firstLine = tile * push.slices * push.tileRows + rowOfHead % push.tileRows;
    float greatest = minusInfinity;
    for (uint slice = 0u; slice < push.slices; ++slice) {
        const float one = valueOf(push.totals, 2u * (firstLine + slice * push.tileRows));
        greatest = one > greatest ? one : greatest;
    }
    float sum = 0.0, total = 0.0;
    for (uint slice = 0u; slice < push.slices; ++slice) {
        const uint line = firstLine + slice * push.tileRows;
        const float weight = exp2OfNegative(valueOf(push.totals, 2u * line) - originOf(greatest));
        sum = fma(weight, valueOf(push.sums, line * push.columns + column), sum);
        total = fma(weight, valueOf(push.totals, 2u * line + 1u), total);
    }
    push.result.at[index] = floatBitsToUint(sum * shareOf(total));
    if (column == 0u && push.hasLogSums != 0u)
        push.logSums.at[row] = floatBitsToUint(logSumOf(greatest, total));
}
