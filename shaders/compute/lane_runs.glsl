// How the lanes of a subgroup walk along a run of elements side by side. Before it is included, a kernel
// defines
//
//     takeElement(uint pass, uint index, float value)  what a pass does with an element
#ifndef LANE_RUNS_GLSL
#define LANE_RUNS_GLSL

#include "compute/lanes.glsl"

layout(constant_id = 0) const uint elementType = elementF32;

const uint turns = 8u;  // without a branch

float elementAt(Words data, uint index) {
    return elementValue(elementBits(data, index, elementType), elementType);
}

// `count` elements of the data from `first` on. Every lane of the subgroup takes part. Loops test at their
// end: llvmpipe runs a loop that tests first once more with all lanes off, and reads through uniform
// addresses even then.
void walkRun(uint pass, Words data, uint first, uint count) {
    const uint together = turns * workgroupSize;
    const uint end = first + count;
    uint i = first;
    if (together <= count) do {
            if (elementType == elementF32) {
                Words words = wordsFrom(data, i, 4u);
                [[unroll]] for (uint u = 0u; u < turns; ++u)
                    takeElement(pass, i + u * workgroupSize + lane,
                                uintBitsToFloat(laneWord(words, u * workgroupSize)));
            } else {
                [[unroll]] for (uint u = 0u; u < turns; ++u) {
                    const uint index = i + u * workgroupSize + lane;
                    takeElement(pass, index, elementAt(data, index));
                }
            }
            i += together;
        } while (i + together <= end);
    if (i < end) do {
            const uint index = i + lane;
            if (index < end) takeElement(pass, index, elementAt(data, index));
            i += workgroupSize;
        } while (i < end);
}

#endif
