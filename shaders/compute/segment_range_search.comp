#version 460
// The range of least measured error of every segment for up to eight affine formats: a coarse logarithmic
// grid over both ends, then finer grids around the best. Modelled: OCTAV's range instead.
#extension GL_GOOGLE_include_directive : require

#include "compute/segment_error.glsl"

layout(push_constant, scalar) uniform Push {
    SegmentErrorSearchPush push;
};

const uint octavSteps = 64u;
const float octavPrecision = 1e-6;

SegmentElements elements;
float high, low, least;

float rangeError(float high_, float low_, FormatRange format) {
    precise const float size = (high_ + low_) / (format.largest - format.smallest);
    const float zero = size > smallestNormal ? roundEven(format.smallest + low_ / size) : 0.0;
    const float zeroPoint = min(max(zero, format.smallest), format.largest);
    return errorOf(elements, gridOf(size, format.smallest - zeroPoint, format.largest - zeroPoint), high_);
}

void tryRange(float high_, float low_, FormatRange format) {
    const float error = rangeError(high_, low_, format);
    if (error < least) {
        least = error;
        high = high_;
        low = low_;
    }
}

// A step of OCTAV's recursion for both ends, counts held (see twoSidedOctavClip in quant/clip_estimate.h):
// Σ_{x>high} (x - high) = noise·#{inside}·(high + low), and as much below. Ends rise towards the root from
// below; one that is the root itself clips nothing and stays. Returns how far they moved.
float stepTowardsRoot(float noise) {
    float above = 0.0, below = 0.0;
    uint countAbove = 0u, countBelow = 0u, inside = 0u;
    for (uint i = laneIndex(); i < elements.count; i += laneCount()) {
        const uint bits = loadElement(elements.data, elements.start + segmentOffset(i));
        if (countedMagnitude(bits, 3u) == 0u) continue;
        const float x = scaledIn(elements, bits);
        above += x > high ? x : 0.0;
        below -= x < -low ? x : 0.0;
        countAbove += uint(x > high);
        countBelow += uint(x < -low);
        inside += uint(x <= high && x >= -low);
    }
    above = reduceAddFloat(above);
    below = reduceAddFloat(below);
    const float held = noise * float(reduceAdd(inside));
    const float clippedAbove = float(reduceAdd(countAbove)), clippedBelow = float(reduceAdd(countBelow));
    float nextHigh = high, nextLow = low;
    if (clippedAbove > 0.0) nextHigh = max((above - held * low) / (clippedAbove + held), 0.0);
    if (clippedBelow > 0.0) nextLow = max((below - held * high) / (clippedBelow + held), 0.0);
    const float moved = abs(nextHigh - high) + abs(nextLow - low);
    high = nextHigh;
    low = nextLow;
    return moved;
}

void findOctav(FormatRange format) {
    const float levels = format.largest - format.smallest;
    high = 0.0;
    low = 0.0;
    for (uint i = 0u; i < octavSteps; ++i) {
        if (stepTowardsRoot(1.0 / (12.0 * levels * levels)) <= octavPrecision * (high + low)) break;
    }
}

// One grid, in units of the ends around which it lies.
void tryRanges(float high_, float low_, uint table, uint points, FormatRange format) {
    // An end at zero has no others.
    const uint highs = high_ > 0.0 ? points : 1u, lows = low_ > 0.0 ? points : 1u;
    // Read at a clamped place: llvmpipe runs loops once more with all lanes off, and reads through uniform
    // addresses even then. Tested at their ends, as in gemm_tiled, loops of which lanes run unequal turns go
    // wrong on SwiftShader where they are nested.
    for (uint i = 0u; i < highs; ++i) {
        const float tried = high_ * push.ratios.at[table + min(i, points - 1u)];
        for (uint j = 0u; j < lows; ++j)
            tryRange(tried, low_ * push.ratios.at[table + min(j, points - 1u)], format);
    }
}

void search(FormatRange format) {
    high = elements.above;
    low = elements.below;
    least = largestFloat;
    tryRanges(high, low, 0u, push.coarsePoints, format);
    // Tested at its end: see gemm_tiled.
    uint round_ = 0u;
    do {
        tryRanges(high, low, push.coarsePoints + round_ * push.finePoints, push.finePoints, format);
    } while (++round_ < push.fineRounds);
}

void main() {
    const uint segment = segmentIndex(push.geometry);
    elements = segmentElements(push.data, push.weights, push.geometry, segment);
    uint g = 0u;
    do {
        const FormatRange format = push.formats.at[g];
        if (isModelled)
            findOctav(format);
        else
            search(format);
        if (laneIndex() == 0u && segment < push.geometry.segments)
            push.clips.at[segment * push.gridCount + g] = SegmentClip(high, low, elements.exponent);
    } while (++g < push.gridCount);
}
