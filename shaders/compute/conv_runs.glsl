// Runs of a tensor: elements that the lanes of a workgroup read at the same distance from each other. The
// file that includes this one defines elementType.
#ifndef CONV_RUNS_GLSL
#define CONV_RUNS_GLSL

#include "compute/lanes.glsl"

const uint perWordShift = elementType == elementF32 ? 0u : elementType <= elementBF16 ? 1u : 2u;

// As elementBits has it, of a word that holds the element.
uint bitsInWord(uint word, uint index) {
    const uint width = 32u >> perWordShift;
    const int shift = int(width * (index & ((1u << perWordShift) - 1u)));
    return elementType == elementS8 ? uint(bitfieldExtract(int(word), shift, 8))
                                    : bitfieldExtract(word, shift, int(width));
}

// The bits of the lane's element of those at first + offset, first + offset + step_, ..., all inside the
// tensor; `base` is runBase(tensor, first).
uint pickedFrom(Words base, uint first, uint offset, uint step_) {
    // Whole words are picked, so that the lanes take their elements out of them together.
    const uint start = elementType == elementF32 ? 0u : (first + offset) & ((1u << perWordShift) - 1u);
    Words words = wordsFrom(base, elementType == elementF32 ? offset : (first + offset) >> perWordShift, 4u);
    uint word = words.at[0];
    [[unroll]] for (uint i = 1u; i < workgroupSize; ++i)
        word = mix(word, words.at[(start + i * step_) >> perWordShift], lane == i);
    return elementType == elementF32 ? word : bitsInWord(word, start + lane * step_);
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
