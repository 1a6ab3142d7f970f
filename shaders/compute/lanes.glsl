// Kernels whose workgroup is one whole subgroup: how lanes read what lies side by side, and what they come to
// together. Call findLane() first.
#ifndef LANES_GLSL
#define LANES_GLSL

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "compute/gemm_memory.glsl"
#include "compute/grid.glsl"

// Loads neighbouring words through uniform addresses and lets each lane pick its own: llvmpipe's compiler
// makes one vector load of that. On a GPU it would be workgroupSize loads: leave it off.
layout(constant_id = 6) const bool picksLanes = false;

// Set once, before the loops: gl_SubgroupInvocationID is a constant vector to llvmpipe's compiler there,
// which makes laneWord one load; read inside of the loop, or from gl_LocalInvocationIndex, it is not.
uint lane;
void findLane() {
    lane = gl_SubgroupInvocationID;
}

// The lane's word of workgroupSize of them from `first` on; all of them can be read.
uint laneWord(Words words, uint first) {
    if (!picksLanes) return words.at[first + lane];
    uint word = words.at[first];
    [[unroll]] for (uint i = 1u; i < workgroupSize; ++i)
        word = mix(word, words.at[first + i], lane == i);
    return word;
}

// Sums over the lanes, in an order of the driver's.
float addedUp(float x) {
    return subgroupAdd(x);
}
vec2 addedUp(vec2 x) {
    return subgroupAdd(x);
}

#endif
