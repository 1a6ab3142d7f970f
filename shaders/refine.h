// Structs of the refinement kernels: levels 2 and 3 of the profile.
#ifndef CLIPSCOPE_REFINE_H
#define CLIPSCOPE_REFINE_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// A refinement splits selected bins of the level above by the next 10 bits. Level 2 selects by the top 11
// bits of the magnitude (shift 20) and sums the 10 bits below; level 3 selects by the top 21 bits (shift 10)
// and is exact.
SHADER_CONST uint refinedBits = 10;
SHADER_CONST uint refinedBins = 1 << refinedBits;
SHADER_CONST uint maxRefined = 8;          // bins split in one pass
SHADER_CONST uint noPrefix = 0xffffffffu;  // fills unused slots
SHADER_CONST uint refinedWords =
    4 * refinedBins;  // per slot: 64-bit count and 64-bit sum of rests of each bin

// Counters of one invocation of the private path; the last few take what falls into no selected bin.
SHADER_CONST uint refineScratchPairs = maxRefined * refinedBins + 8;

struct RefinePush {
    ADDRESS_OF(Words4) data;  // 16-byte aligned
    ADDRESS_OF(Words) refined;
    ADDRESS_OF(Words2)
    scratch;  // private path: refineScratchPairs per invocation; those of bins are zero before and after
    uint elements;
    uint runElements;  // of one workgroup (private path: one invocation), multiple of 8, at most 2^20
    uint shift;        // 20 or 10
    uint sides;        // 1 positive, 3 both
    uint prefixes[maxRefined];
};

SHADER_NAMESPACE_END

#endif
