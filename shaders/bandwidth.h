// Structs of the kernels that measure what a device's memory can do: the yardsticks of the benchmarks.
#ifndef CLIPSCOPE_BANDWIDTH_H
#define CLIPSCOPE_BANDWIDTH_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

struct BandwidthPush {
    ADDRESS_OF(Words4) from;
    ADDRESS_OF(Words4Out) to;  // copy: as large as from; sum: one vector per workgroup's invocation
    uint quads;
    uint runQuads;  // of one workgroup's contiguous run
};

SHADER_NAMESPACE_END

#endif
