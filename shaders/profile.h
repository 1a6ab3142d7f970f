// Structs and constants of the profile kernels: the magnitude histogram indexed by the bits of the float
// itself.
#ifndef CLIPSCOPE_PROFILE_H
#define CLIPSCOPE_PROFILE_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// Level 1: for |x| with bit pattern m, bin m >> 20 and rest m & 0xfffff. One side holds 2048 bins; the
// positive side comes first.
SHADER_CONST uint level1RestBits = 20;
SHADER_CONST uint binsPerSide = 2048;
SHADER_CONST uint infBin = 2040;   // |x| = Inf
SHADER_CONST uint nanBin = 2041;   // every NaN, rest 0
SHADER_CONST uint zeroBin = 2042;  // +0 and -0

// Bins of both sides, each a 64-bit count followed (in the second half) by a 64-bit sum of rests; 64-bit
// words are stored low half first. Then the largest and smallest order key of the finite elements.
SHADER_CONST uint profileCountWords = 2 * 2 * binsPerSide;
SHADER_CONST uint profileMaxKeyWord = 2 * profileCountWords;
SHADER_CONST uint profileMinKeyWord = profileMaxKeyWord + 1;  // complemented, so that both start at 0
SHADER_CONST uint profileWords = profileMaxKeyWord + 2;

// A workgroup (private path: an invocation) counts at most this many elements before it adds them to the
// profile: the packed counters hold 40 bits of rests.
SHADER_CONST uint maxRunElements = 1 << 20;

struct ProfilePush {
    ADDRESS_OF(Words4) data;  // 16-byte aligned
    ADDRESS_OF(Words) profile;
    ADDRESS_OF(Words2) scratch;  // private path: invocations * 2 * binsPerSide pairs, zero before and after
    uint elements;
    uint runElements;  // elements of one workgroup's (private path: one invocation's) contiguous run;
                       // multiple of 8
};

SHADER_NAMESPACE_END

#endif
