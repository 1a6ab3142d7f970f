// Structs of the kernels of softmax with cross entropy.
#ifndef CLIPSCOPE_CROSS_ENTROPY_H
#define CLIPSCOPE_CROSS_ENTROPY_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

struct CrossEntropyPush {
    ADDRESS_OF(Words) logits;         // [rows][classes]
    ADDRESS_OF(Words) labels;         // [rows] int32
    ADDRESS_OF(Words) losses;         // [rows] floats
    ADDRESS_OF(Words) counts;         // [rows] floats: 1, or 0 of an ignored row
    ADDRESS_OF(Words) probabilities;  // [rows][classes] floats
    uint hasProbabilities;
    uint classes;
    int ignoredLabel;
    uint firstRow;  // in this dispatch
    uint rows;      // up to which it goes
};

SHADER_CONST uint lossesPerGroup = 4096;

// For loss_mean: adds lossesPerGroup neighbours each.
struct LossMeanPush {
    ADDRESS_OF(Words) losses;    // [rows] floats
    ADDRESS_OF(Words) counts;    // [rows] floats
    ADDRESS_OF(Words) lossSums;  // [groups] floats
    ADDRESS_OF(Words) countSums;
    ADDRESS_OF(Words) mean;  // one float, written where all rows are one group's
    uint rows;
};

SHADER_NAMESPACE_END

#endif
