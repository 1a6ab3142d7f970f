// Reductions over the lanes of a segment; identities for an invocation per segment.
#ifndef SEGMENT_REDUCE_GLSL
#define SEGMENT_REDUCE_GLSL

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "compute/segment_elements.glsl"

// The workgroup is one subgroup. A constant and no test of gl_NumSubgroups: software drivers run both sides
// of a branch, barriers included.
layout(constant_id = 6) const bool isOneSubgroup = false;

shared uint
    exchanged[64];  // one value of each subgroup: workgroups have at most 256 invocations of 4 or more

uint reduceAdd(uint x) {
    if (invocationPerSegment) return x;
    x = subgroupAdd(x);
    if (isOneSubgroup) return x;
    barrier();
    if (subgroupElect()) exchanged[gl_SubgroupID] = x;
    barrier();
    uint total = 0u;
    for (uint i = 0u; i < gl_NumSubgroups; ++i) total += exchanged[i];
    return total;
}

uint reduceMax(uint x) {
    if (invocationPerSegment) return x;
    x = subgroupMax(x);
    if (isOneSubgroup) return x;
    barrier();
    if (subgroupElect()) exchanged[gl_SubgroupID] = x;
    barrier();
    uint greatest = 0u;
    for (uint i = 0u; i < gl_NumSubgroups; ++i) greatest = max(greatest, exchanged[i]);
    return greatest;
}

uint reduceMin(uint x) {
    return ~reduceMax(~x);
}

// The order of the sum follows from the subgroup size: only for what may differ in the last places.
float reduceAddFloat(float x) {
    if (invocationPerSegment) return x;
    x = subgroupAdd(x);
    if (isOneSubgroup) return x;
    barrier();
    if (subgroupElect()) exchanged[gl_SubgroupID] = floatBitsToUint(x);
    barrier();
    float total = 0.0;
    for (uint i = 0u; i < gl_NumSubgroups; ++i) total += uintBitsToFloat(exchanged[i]);
    return total;
}

#endif
