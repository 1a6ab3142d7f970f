#version 460
// softmax(Q * K^T) * V of a tile of rows and a slice of keys, in one walk over the keys: the greatest score
// so far, the sum of weights e^(score - greatest) and the weighted sum of values are kept in registers, and
// are scaled down when a greater score comes (M. Milakov and N. Gimelshein, Online normalizer calculation for
// softmax, 2018, algorithm 3; T. Dao et al., FlashAttention, NeurIPS 2022, algorithm 1). No score leaves the
// kernel. attention_combine puts the slices together (T. Dao et al., Flash-Decoding, 2023).
//
// A lane owns rowsPerLane rows; keys and values are the same for all lanes, read through uniform addresses.
// What llvmpipe needs, and no GPU minds, stands in gemm_tiled.
#extension GL_GOOGLE_include_directive : require

#include "attention.h"
#include "compute/exponential.glsl"
#include "compute/lanes.glsl"

layout(constant_id = 2) const uint depth = 64;    // of a row of Q and K
layout(constant_id = 3) const uint columns = 64;  // of a row of V
layout(constant_id = 4) const uint keysPerStep = 8;
layout(constant_id = 5) const bool isMasked = false;  // causal or by a mask
layout(constant_id = 7) const uint rowsPerLane = 1;
layout(push_constant, scalar) uniform Push {
    AttentionPush push;
};

const uint tileRows = workgroupSize * rowsPerLane;
const uint unroll = 16u;
const uint wholeDepth = depth / unroll * unroll;

float sums[rowsPerLane * columns];
float greatest[rowsPerLane];
float totals[rowsPerLane];
float scores[rowsPerLane * keysPerStep];
uint kept[rowsPerLane * keysPerStep];  // all ones: the row sees the key
uint limits[rowsPerLane];              // keys that the row may see
uint queries[rowsPerLane];             // which query the row is

void multiplyStep(Words q, Words k, uint steps) {
    [[unroll]] for (uint c = 0u; c < steps; ++c) {
        float rows[rowsPerLane];
        [[unroll]] for (uint r = 0u; r < rowsPerLane; ++r)
            rows[r] = uintBitsToFloat(laneWord(q, c * tileRows + r * workgroupSize));
        [[unroll]] for (uint j = 0u; j < keysPerStep; ++j) {
            const float key = uintBitsToFloat(k.at[j * depth + c]);
            [[unroll]] for (uint r = 0u; r < rowsPerLane; ++r)
                scores[r * keysPerStep + j] = fma(rows[r], key, scores[r * keysPerStep + j]);
        }
    }
}

void scoreKeys(Words q, Words k) {
    [[unroll]] for (uint i = 0u; i < rowsPerLane * keysPerStep; ++i)
        scores[i] = 0.0;
    uint c = 0u;
    if (unroll <= depth) do {
            multiplyStep(wordsFrom(q, c, 4u * tileRows), wordsFrom(k, c, 4u), unroll);
            c += unroll;
        } while (c < wholeDepth);
    multiplyStep(wordsFrom(q, wholeDepth, 4u * tileRows), wordsFrom(k, wholeDepth, 4u), depth - wholeDepth);
}

// A step near the end begins before `next`: keys that have been taken already are none of its business.
void maskScores(uint r, uint first, uint next) {
    [[unroll]] for (uint j = 0u; j < keysPerStep; ++j) {
        const uint key = first + j, i = r * keysPerStep + j;
        bool isSeen = key >= next;
        if (isMasked) {
            isSeen = isSeen && key < limits[r];
            if (push.hasMask != 0u) {
                const float bias =
                    uintBitsToFloat(wordsFrom(push.mask, queries[r], 4u * push.keyCount).at[key]);
                scores[i] += bias;
                isSeen = isSeen && bias != minusInfinity;
            }
            kept[i] = isSeen ? 0xffffffffu : 0u;
        }
        scores[i] = isSeen ? scores[i] : minusInfinity;
    }
}

// Scores become weights, in place. Returns what earlier sums are to be multiplied by.
float weighScores(uint r) {
    float top = greatest[r];
    [[unroll]] for (uint j = 0u; j < keysPerStep; ++j)
        top = scores[r * keysPerStep + j] > top ? scores[r * keysPerStep + j] : top;
    // While every key was masked, any finite number will do.
    const float origin = top == minusInfinity ? 0.0 : top;
    const float shrink = expOfNegative(greatest[r] - origin);
    greatest[r] = top;
    float total = totals[r] * shrink;
    [[unroll]] for (uint j = 0u; j < keysPerStep; ++j) {
        const uint i = r * keysPerStep + j;
        scores[i] = expOfNegative(scores[i] - origin);
        total += scores[i];
    }
    totals[r] = total;
    return shrink;
}

void addValues(Words v, float shrinks[rowsPerLane]) {
    [[unroll]] for (uint c = 0u; c < columns; ++c) {
        [[unroll]] for (uint r = 0u; r < rowsPerLane; ++r)
            sums[r * columns + c] *= shrinks[r];
        [[unroll]] for (uint j = 0u; j < keysPerStep; ++j) {
            const uint value = v.at[j * columns + c];
            [[unroll]] for (uint r = 0u; r < rowsPerLane; ++r) {
                const uint i = r * keysPerStep + j;
                // What is masked may be NaN or infinite: zero times that would not be zero.
                const float taken = uintBitsToFloat(isMasked ? value & kept[i] : value);
                sums[r * columns + c] = fma(scores[i], taken, sums[r * columns + c]);
            }
        }
    }
}

uint limitOf(uint query) {
    return push.isCausal == 0u ? push.keyCount
                               : uint(max(int(query) + 1 + int(push.keyCount) - int(push.queryCount), 0));
}

// Keys that any row of a tile may see.
uint limitOfTile(uint tile) {
    const uint firstRow = tile * tileRows, lastRow = min(firstRow + tileRows, push.rows) - 1u;
    const bool isWithinHead = firstRow / push.queryCount == lastRow / push.queryCount;
    return limitOf(isWithinHead ? lastRow % push.queryCount : push.queryCount - 1u);
}

void main() {
    findLane();
    const uint group = push.firstGroup + workgroupIndex();
    if (group >= push.groups) return;
    const uint tileOfAll = group / push.slices, slice = group % push.slices;
    const uint head = tileOfAll / push.tiles, tile = tileOfAll % push.tiles;
    [[unroll]] for (uint r = 0u; r < rowsPerLane; ++r) {
        queries[r] = (tile * tileRows + r * workgroupSize + lane) % push.queryCount;
        limits[r] = limitOf(queries[r]);
        greatest[r] = minusInfinity;
        totals[r] = 0.0;
    }
    [[unroll]] for (uint i = 0u; i < rowsPerLane * columns; ++i)
        sums[i] = 0.0;

    Words q = wordsFrom(push.queries, tileOfAll * depth, 4u * tileRows);
    const uint end = min((slice + 1u) * push.sliceKeys, limitOfTile(tile));
    uint key = slice * push.sliceKeys;
    if (key < end) do {
            // No read goes beyond the keys, whatever the mask.
            const uint first = min(key, push.keyCount - keysPerStep);
            const uint row = head * push.keyCount + first;
            scoreKeys(q, wordsFrom(push.keys, row, 4u * depth));
            float shrinks[rowsPerLane];
            [[unroll]] for (uint r = 0u; r < rowsPerLane; ++r) {
                maskScores(r, first, key);
                shrinks[r] = weighScores(r);
            }
            addValues(wordsFrom(push.values, row, 4u * columns), shrinks);
            key += keysPerStep;
        } while (key < end);

    Words partial = wordsFrom(push.partials, group * (columns + 2u), 4u * tileRows);
    [[unroll]] for (uint r = 0u; r < rowsPerLane; ++r) {
        const uint at = r * workgroupSize + lane;
        [[unroll]] for (uint c = 0u; c < columns; ++c)
            partial.at[c * tileRows + at] = floatBitsToUint(sums[r * columns + c]);
        partial.at[columns * tileRows + at] = floatBitsToUint(greatest[r]);
        partial.at[(columns + 1u) * tileRows + at] = floatBitsToUint(totals[r]);
    }
}
