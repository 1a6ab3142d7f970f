// What every path of the level-1 profile does with one element, apart from counting it.
#ifndef PROFILE_ELEMENTS_GLSL
#define PROFILE_ELEMENTS_GLSL

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "compute/elements.glsl"
#include "compute/grid.glsl"
#include "profile.h"

layout(push_constant, scalar) uniform Push {
    ProfilePush push;
};

uint zeros = 0u;   // of this invocation
uint maxKey = 0u;  // order keys of the finite elements: greater float, greater key
uint minKey = 0u;  // complemented

// Bin over both sides (the side is bin / binsPerSide) of an element that is not zero; NaNs lose their rest.
uint binOf(uint bits, out uint rest) {
    uint magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) magnitude = nanBin << level1RestBits;
    rest = magnitude & ((1u << level1RestBits) - 1u);
    return (magnitude >> level1RestBits) + (bits >> 31) * binsPerSide;
}

// Extremes and zeros, kept in registers. Returns whether the element is to be counted in a bin.
bool observe(uint bits) {
    const uint magnitude = bits & 0x7fffffffu;
    const uint key = (bits & 0x80000000u) == 0u ? bits | 0x80000000u : ~bits;
    const bool isFinite = magnitude < 0x7f800000u;
    maxKey = max(maxKey, isFinite ? key : 0u);
    minKey = max(minKey, isFinite ? ~key : 0u);
    zeros += uint(magnitude == 0u);
    return magnitude != 0u;
}

void atomicAdd64(uint word, uint low, uint high) {
    const uint before = atomicAdd(push.profile.at[word], low);
    const uint carried = high + uint(before + low < before);
    if (carried != 0u) atomicAdd(push.profile.at[word + 1u], carried);
}

void addToBin(uint bin, uint count, uint sumLow, uint sumHigh) {
    if (count == 0u) return;
    atomicAdd64(2u * bin, count, 0u);
    if ((sumLow | sumHigh) != 0u) atomicAdd64(profileCountWords + 2u * bin, sumLow, sumHigh);
}

void addRegisters() {
    const uint allZeros = subgroupAdd(zeros), topKey = subgroupMax(maxKey), bottomKey = subgroupMax(minKey);
    if (!subgroupElect()) return;
    addToBin(zeroBin, allZeros, 0u, 0u);
    atomicMax(push.profile.at[profileMaxKeyWord], topKey);
    atomicMax(push.profile.at[profileMinKeyWord], bottomKey);
}

#endif
