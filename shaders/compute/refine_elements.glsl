// What both paths of the refinement do with one element, apart from counting it.
#ifndef REFINE_ELEMENTS_GLSL
#define REFINE_ELEMENTS_GLSL

#include "compute/elements.glsl"
#include "compute/grid.glsl"
#include "refine.h"

layout(push_constant, scalar) uniform Push {
    RefinePush push;
};

// The bin over all slots that the element falls into, or noPrefix; rest is what is left of its bits.
uint refinedBinOf(uint bits, out uint rest) {
    const uint magnitude = bits & 0x7fffffffu;
    const uint prefix = magnitude >> push.shift;
    uint slot = noPrefix;
    for (uint i = 0u; i < maxRefined; ++i) slot = prefix == push.prefixes[i] ? i : slot;
    const uint restBits = push.shift - refinedBits;
    rest = magnitude & ((1u << restBits) - 1u);
    const uint bin = (magnitude >> restBits) & (refinedBins - 1u);
    // Zeros share bin 0 with subnormals by their bits, but the profile counts them apart.
    const bool wanted = slot != noPrefix && magnitude != 0u && (push.sides >> (bits >> 31) & 1u) != 0u;
    return wanted ? slot * refinedBins + bin : noPrefix;
}

void addRefined(uint bin, uint count, uint rests) {
    const uint word = 4u * bin;
    const uint countBefore = atomicAdd(push.refined.at[word], count);
    if (countBefore + count < countBefore) atomicAdd(push.refined.at[word + 1u], 1u);
    if (rests == 0u) return;
    const uint restsBefore = atomicAdd(push.refined.at[word + 2u], rests);
    if (restsBefore + rests < restsBefore) atomicAdd(push.refined.at[word + 3u], 1u);
}

#endif
