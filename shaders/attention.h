// Structs of the kernels of attention: softmax(scale * Q * K^T + mask) * V, by tiles of rows of Q. Heads of Q
// that share a head of K and V are rows of one matrix: row = head in group * queries + query.
#ifndef CLIPSCOPE_ATTENTION_H
#define CLIPSCOPE_ATTENTION_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// For attention. A group is one tile of rows and one slice of keys: (head * tiles + tile) * slices + slice.
// Scores are in units of ln 2, so that weights are powers of two.
struct AttentionPush {
    ADDRESS_OF(Words) queries;  // [head][rows][depth] floats
    ADDRESS_OF(Words) keys;     // [head][keyCount][depth] floats
    ADDRESS_OF(Words) values;   // [head][keyCount][columns] floats
    ADDRESS_OF(Words) mask;     // [queryCount][keyCount] floats; anything readable where there is none
    ADDRESS_OF(Words) result;   // [head][rows][columns] floats; of slices [group][tile's rows][columns] sums
    ADDRESS_OF(Words)
    totals;       // [head][rows] logs of sums; of slices [group][tile's rows][2]: greatest score
                  // and sum of weights
    float scale;  // over ln 2
    uint isCausal;
    uint hasLogSums;
    uint queryCount;
    uint keyCount;  // at least keysPerStep
    uint rows;      // of a head: heads in group * queryCount
    uint tiles;     // of a head
    uint slices;
    uint sliceKeys;   // a multiple of keysPerStep
    uint firstGroup;  // in this dispatch
    uint groups;      // up to which it goes
};

// For attention_combine, where there are several slices.
struct AttentionCombinePush {
    ADDRESS_OF(Words) sums;     // [group][tile's rows][columns]
    ADDRESS_OF(Words) totals;   // [group][tile's rows][2]
    ADDRESS_OF(Words) result;   // [head][rows][columns] floats
    ADDRESS_OF(Words) logSums;  // [head][rows] floats
    uint hasLogSums;
    uint rows;  // of a head
    uint columns;
    uint tileRows;
    uint tiles;  // of a head
    uint slices;
    uint first;  // elements of the result in this dispatch
    uint count;
};

// For widen: 16-bit elements become floats.
struct WidenPush {
    ADDRESS_OF(Words) from;
    ADDRESS_OF(Words) to;
    uint first;  // elements in this dispatch
    uint count;
};

SHADER_NAMESPACE_END

#endif
