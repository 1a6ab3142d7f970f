// Structs of the window kernel: an exact answer by one more read where the profile tells about where it lies.
#ifndef CLIPSCOPE_WINDOW_H
#define CLIPSCOPE_WINDOW_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// A window is a run of 32768 consecutive float magnitudes inside one level-1 bin (a 32nd of it). Every value
// in it is counted; of the bin's elements above it, count and sum of rests (the low 20 bits).
SHADER_CONST uint windowValues = 1 << 15;
SHADER_CONST uint maxWindows = 8;
// Results of one window: count above and sum of rests above, 64 bits each, low half first; then a count per
// value.
SHADER_CONST uint windowWords = 4 + windowValues;

struct WindowPush {
    ADDRESS_OF(Words4) data;    // 16-byte aligned
    ADDRESS_OF(Words) windows;  // first magnitude and end of the bin, for each window
    ADDRESS_OF(Words) results;
    uint elements;
    uint runElements;  // of one workgroup's contiguous run, multiple of 8
    uint sides;        // 1 positive, 3 both
};

SHADER_NAMESPACE_END

#endif
