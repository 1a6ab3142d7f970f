#version 460
// softmax(Q * K^T) * V of a tile of rows and a slice of keys, in one walk over the keys: the greatest score
// so far, the sum of weights 2^(score - greatest) and the weighted sum of values are kept in registers, and
// are scaled down when a greater score comes (M. Milakov and N. Gimelshein, Online normalizer calculation for
// softmax, 2018, algorithm 3; T. Dao et al., FlashAttention, NeurIPS 2022, algorithm 1). No score leaves the
// kernel. Where there are several slices of keys, attention_combine puts them together.
//
// A lane owns a row of Q and of the result; keys and values are the same for all lanes, read
// through uniform addresses. Everything is unrolled: what llvmpipe needs, and no GPU minds, stands in
// gemm_tiled.
#extension GL_GOOGLE_include_directive : require

#include "attention.h"
#include "compute/attention_weights.glsl"
#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"

layout(constant_id = 2) const uint depth = 64;    // of a row of Q and K
layout(constant_id = 3) const uint columns = 64;  // of a row of V
layout(constant_id = 4) const uint keysPerStep = 8;
layout(constant_id = 5) const bool isMasked = false;  // causal or by a mask
layout(constant_id = 6) const bool hasMask = false;   // by a mask
layout(push_constant, scalar) uniform Push {
    AttentionPush push;
};

float q[depth];  // scaled
float sums[columns];
float greatest = minusInfinity;
float total = 0.0;
float scores[keysPerStep];
uint kept[keysPerStep];  // all ones: the row sees the key

void scoreKeys(Words k) {
    [[unroll]] for (uint j = 0u; j < keysPerStep; ++j)
        scores[j] = 0.0;
    [[unroll]] for (uint c = 0u; c < depth; ++c) {
        [[unroll]] for (uint j = 0u; j < keysPerStep; ++j)
            scores[j] = fma(q[c], uintBitsToFloat(k.at[j * depth + c]), scores[j]);
    }
}

// A step near the end begins before `next`: keys that have been taken already are none of its business.
// Returns whether the row does not see all keys of the step.
bool maskScores(uint query, uint limit, uint first, uint next) {
    bool hidesAny = false;
    [[unroll]] for (uint j = 0u; j < keysPerStep; ++j) {
        const uint key = first + j;
        bool isSeen = key >= next;
        if (isMasked) {
            isSeen = isSeen && key < limit;
            if (hasMask) {
                const float bias = uintBitsToFloat(wordsFrom(push.mask, query, 4u * push.keyCount).at[key]);
                scores[j] = fma(bias, log2e, scores[j]);
                isSeen = isSeen && bias != minusInfinity;
            }
        }
        kept[j] = isSeen ? 0xffffffffu : 0u;
        hidesAny = hidesAny || !isSeen;
        scores[j] = isSeen ? scores[j] : minusInfinity;
    }
    return hidesAny;
}

// Scores become weights, in place. Returns what earlier sums are to be multiplied by.
float weighScores() {
    float top = greatest;
    [[unroll]] for (uint j = 0u; j < keysPerStep; ++j)
        top = scores[j] > top ? scores[j] : top;
    const float origin = originOf(top);
    const float shrink = exp2OfNegative(greatest - origin);
    greatest = top;
    total *= shrink;
    [[unroll]] for (uint j = 0u; j < keysPerStep; ++j) {
        scores[j] = exp2OfNegative(scores[j] - origin);
        total += scores[j];
    }
    return shrink;
}

void addValues(Words v, float shrink, bool hidesAny) {
    [[unroll]] for (uint c = 0u; c < columns; ++c) {
        float sum = sums[c] * shrink;
        [[unroll]] for (uint j = 0u; j < keysPerStep; ++j) {
            const uint value = v.at[j * columns + c];
            // What is hidden may be NaN or infinite: zero times that would not be zero.
            sum = fma(scores[j], uintBitsToFloat(hidesAny ? value & kept[j] : value), sum);
        }
        sums[c] = sum;
    }
}

uint limitOf(uint query) {
    return push.isCausal == 0u ? push.keyCount
                               : uint(max(int(query) + 1 + int(push.keyCount) - int(push.queryCount), 0));
}

// Keys that any row of a tile may see.
uint limitOfTile(uint tile) {
    const uint firstRow = tile * workgroupSize, lastRow = min(firstRow + workgroupSize, push.rows) - 1u;
    const bool isWithinHead = firstRow / push.queryCount == lastRow / push.queryCount;
    return limitOf(isWithinHead ? lastRow % push.queryCount : push.queryCount - 1u);
}

void beginRow(uint row) {
    Words from = wordsFrom(push.queries, row, 4u * depth);
    [[unroll]] for (uint c = 0u; c < depth; ++c)
        q[c] = push.scale * uintBitsToFloat(from.at[c]);
    [[unroll]] for (uint c = 0u; c < columns; ++c)
        sums[c] = 0.0;
}

// line: of the result and the totals.
void storeRow(uint line) {
    const bool isWhole = push.slices == 1u;
    const float share = isWhole ? shareOf(total) : 1.0;
    Words result = wordsFrom(push.result, line, 4u * columns);
    [[unroll]] for (uint c = 0u; c < columns; ++c)
        result.at[c] = floatBitsToUint(sums[c] * share);
    if (!isWhole) {
        push.totals.at[2u * line] = floatBitsToUint(greatest);
        push.totals.at[2u * line + 1u] = floatBitsToUint(total);
    } else if (push.hasLogSums != 0u) {
        push.totals.at[line] = floatBitsToUint(logSumOf(greatest, total));
    }
}

void main() {
    const uint group = push.firstGroup + workgroupIndex();
    if (group >= push.groups) return;
    const uint slice = group % push.slices, tile = group / push.slices % push.tiles;
    const uint head = group / push.slices / push.tiles;
    const uint row = tile * workgroupSize + gl_LocalInvocationIndex;
    // Beyond the last row of the head the last is computed again, and not stored.
    const uint rowRead = min(row, push.rows - 1u);
    const uint query = rowRead % push.queryCount, limit = limitOf(query);
    beginRow(head * push.rows + rowRead);

    const uint end = min((slice + 1u) * push.sliceKeys, limitOfTile(tile));
    uint key = slice * push.sliceKeys;
    if (key < end) do {
            // No read goes beyond the keys, whatever the mask.
            const uint first = min(key, push.keyCount - keysPerStep);
            const uint keyRow = head * push.keyCount + first;
            scoreKeys(wordsFrom(push.keys, keyRow, 4u * depth));
            const bool hidesAny = maskScores(query, limit, first, key);
            const float shrink = weighScores();
            Words v = wordsFrom(push.values, keyRow, 4u * columns);
            if (hidesAny)
                addValues(v, shrink, true);
            else
                addValues(v, shrink, false);
            key += keysPerStep;
        } while (key < end);
    if (row < push.rows)
        storeRow(push.slices == 1u ? head * push.rows + row
                                   : group * workgroupSize + gl_LocalInvocationIndex);
}
