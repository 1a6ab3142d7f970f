// Structs of the kernels of attention: softmax(scale * Q * K^T + mask) * V, by tiles of rows of Q. Heads of Q
// that share a head of K and V are rows of one matrix: row = head in group * queries + query.
#ifndef CLIPSCOPE_ATTENTION_H
#define CLIPSCOPE_ATTENTION_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// For attention_pack: rows become tiles of floats [head][tile][depth][tileRows], zeros beyond the rows.
// Tiles of one row are a plain conversion.
struct AttentionPackPush {
    ADDRESS_OF(Words) from;  // [head][rows][depth]
    ADDRESS_OF(Words) to;
    uint rows;  // of a head
    uint depth;
    uint tileRows;
    uint tiles;  // of a head
    float scale;
    uint first;  // floats of `to` in this dispatch
    uint count;
};

// For attention. A group is one tile of rows and one slice of keys: ((head * tiles) + tile) * slices + slice.
struct AttentionPush {
    ADDRESS_OF(Words) queries;   // [head][tile][depth][tile's rows] floats, scaled
    ADDRESS_OF(Words) keys;      // [head][keyCount][depth] floats
    ADDRESS_OF(Words) values;    // [head][keyCount][columns] floats
    ADDRESS_OF(Words) mask;      // [queryCount][keyCount] floats; anything readable where there is none
    ADDRESS_OF(Words) partials;  // [group][columns + 2][tile's rows]: sums, greatest score, sum of weights
    uint hasMask;
    uint isCausal;
    uint queryCount;
    uint keyCount;  // at least keysPerStep
    uint rows;      // of a head: heads in group * queryCount
    uint tiles;     // of a head
    uint slices;
    uint sliceKeys;   // a multiple of keysPerStep
    uint firstGroup;  // in this dispatch
    uint groups;      // up to which it goes
};

// For attention_combine.
struct AttentionCombinePush {
    ADDRESS_OF(Words) partials;
    ADDRESS_OF(Words) result;   // [head][rows][columns] floats
    ADDRESS_OF(Words) logSums;  // [head][rows] floats: log of the sum of e^score
    uint hasLogSums;
    uint rows;  // of a head
    uint columns;
    uint tileRows;
    uint tiles;   // of a head
    uint slices;  // 0 without keys
    uint first;   // elements of the result in this dispatch
    uint count;
};

SHADER_NAMESPACE_END

#endif
