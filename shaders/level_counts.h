// Structs of the kernel that counts how many elements a quantizer sends to each of its levels.
#ifndef CLIPSCOPE_LEVEL_COUNTS_H
#define CLIPSCOPE_LEVEL_COUNTS_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// Levels of both signs that a grid may have, less one: the thresholds between them.
SHADER_CONST uint maxLevelThresholds = 2047;
SHADER_CONST uint maxLevelCounters = 2048;
// Counters of one run: the last few take what is not counted, so that no update needs a branch.
SHADER_CONST uint levelCounters = maxLevelCounters + 8;

struct LevelCountPush {
    ADDRESS_OF(Words4) data;  // 16-byte aligned
    // Order keys of the least elements of levels 1, 2, …, rising; the last of searchSteps' power of two and
    // more are 0xffffffff.
    ADDRESS_OF(Words) thresholds;
    ADDRESS_OF(Words) counts;  // [counter]: 64 bits, low half first
    ADDRESS_OF(Words)
    scratch;  // private path: [invocation][levelCounters]; counters are zero before and after
    uint elements;
    uint runElements;  // of one workgroup (private path: one invocation), multiple of 8, at most 2^20
    uint searchSteps;  // fewer than 2^searchSteps thresholds
    uint counters;
    int zeroLevel;  // level l is counted at |l - zeroLevel|
};

SHADER_NAMESPACE_END

#endif
