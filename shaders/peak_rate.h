// Struct of the kernels that measure what a device computes at most: the yardsticks of products of matrices.
#ifndef CLIPSCOPE_PEAK_RATE_H
#define CLIPSCOPE_PEAK_RATE_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

struct PeakRatePush {
    ADDRESS_OF(Words) results;  // [invocation]
    uint turns;                 // of the loop, at least 1
    uint factor;                // bits of a float below 1, or four signed bytes
    uint addend;                // bits of a float; of integers it seeds the chains
};

SHADER_NAMESPACE_END

#endif
