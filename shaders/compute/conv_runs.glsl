// Runs of a tensor: elements that the lanes of a workgroup read at the same distance from each other. The
// file that includes this one defines elementType.
#ifndef CONV_RUNS_GLSL
#define CONV_RUNS_GLSL

#include "compute/gemm_memory.glsl"

// Loads a run through uniform addresses and lets each lane pick its own, as gemm_tiled does: a GPU would
// make workgroupSize loads of that.
layout(constant_id = 6) const bool picksLanes = false;

uint lane;  // set once, before all loops: see gemm_tiled

// The bits of the lane's element of those at first, first + step_, ... all inside the tensor; `words` is
// wordsFrom(tensor, first, 4u) of 32-bit elements, else the tensor.
uint pickedFrom(Words words, uint first, uint offset, uint step_) {
    if (elementType == elementF32) {
        uint value = words.at[offset];
        [[unroll]] for (uint i = 1u; i < workgroupSize; ++i)
            value = mix(value, words.at[offset + i * step_], lane == i);
        return value;
    }
    uint value = elementBits(words, first + offset, elementType);
    [[unroll]] for (uint i = 1u; i < workgroupSize; ++i)
        value = mix(value, elementBits(words, first + offset + i * step_, elementType), lane == i);
    return value;
}

Words runBase(Words tensor, uint first) {
    return wordsFrom(tensor, elementType == elementF32 ? first : 0u, 4u);
}

// Whether all elements from low to high, offsets from `first` that may be negative, lie in a tensor.
bool isInTensor(uint first, int low, uint lastFirst, int high, uint elements) {
    return (low >= 0 || first >= uint(-low)) && (high < 0 || elements - lastFirst > uint(high));
}

// A row or column of a plane, or the nearest.
uint clamped(int place, uint extent) {
    return uint(clamp(place, 0, int(extent) - 1));
}

// All bits where a row or column is inside of the planes, none where it is padding: 0.0 has none either.
uint maskOf(int place, uint extent) {
    return place >= 0 && place < int(extent) ? ~0u : 0u;
}

#endif
