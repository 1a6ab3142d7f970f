// Structs of the kernel that counts magnitudes in equal bins.
#ifndef CLIPSCOPE_LINEAR_HISTOGRAM_H
#define CLIPSCOPE_LINEAR_HISTOGRAM_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

SHADER_CONST uint linearBins = 2048;
// Counters of one run: the last few take what is not counted, so that no update needs a branch.
SHADER_CONST uint linearCounters = linearBins + 8;

struct LinearCountPush {
    ADDRESS_OF(Words4) data;    // 16-byte aligned
    ADDRESS_OF(Words) counts;   // [bin]: 64 bits, low half first
    ADDRESS_OF(Words) scratch;  // private path: [invocation][linearCounters]; bins are zero before and after
    uint elements;
    uint runElements;    // of one workgroup (private path: one invocation), multiple of 8, at most 2^20
    uint sides;          // 1 positive, 3 both
    int exponent;        // elements are scaled by 2^exponent before they are multiplied
    float binsPerScale;  // bins in one unit of the scaled elements
};

SHADER_NAMESPACE_END

#endif
