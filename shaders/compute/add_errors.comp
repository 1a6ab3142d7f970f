#version 460
// Adds the sums of some blocks to each candidate's total, in order, and writes the mean so far. The error of
// each addition is kept beside the total: D. Knuth, The Art of Computer Programming 2, section 4.2.2,
// theorem B (TwoSum).
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "mean_error.h"

layout(constant_id = 2) const bool isCounted = false;  // the partials' second words are elements
layout(push_constant, scalar) uniform Push {
    MeanErrorPush push;
};

void add(inout ErrorTotal total, uvec2 partial) {
    const float x = uintBitsToFloat(partial.x);
    precise const float sum = total.high + x;
    precise const float shared_ = sum - total.high;
    precise const float rest = (total.high - (sum - shared_)) + (x - shared_);
    precise const float low = total.low + rest;
    total.high = sum;
    total.low = low;
    total.elementsLow += partial.y;
    total.elementsHigh += uint(total.elementsLow < partial.y);
}

// 2^exponent, held within the normal floats.
float powerOfTwo(int exponent) {
    return uintBitsToFloat(uint(clamp(exponent, -126, 127) + 127) << 23);
}

void main() {
    const uint candidate = invocationIndex();
    if (candidate >= push.candidates) return;
    ErrorTotal total = push.totals.at[candidate];
    for (uint block = 0u; block < push.blocks; ++block)
        add(total, push.partials.at[block * push.candidates + candidate]);
    push.totals.at[candidate] = total;
    const float counted = float(total.elementsHigh) * 4294967296.0 + float(total.elementsLow);
    const float elements = isCounted ? counted : push.elements;
    precise const float mean = (total.high + total.low) / elements;
    // By bits: 0/0 need not be NaN everywhere.
    push.means.at[candidate] = elements > 0.0 ? mean * powerOfTwo(-push.exponent) * powerOfTwo(-push.exponent)
                                              : uintBitsToFloat(0x7fc00000u);
}
