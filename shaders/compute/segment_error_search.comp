#version 460
// The clip of least measured error of every segment for up to eight formats that are spaced alike: clips
// below and a little above the largest magnitude, then finer ones around the best local minima. With binary
// levels the squared error is least at the mean magnitude: no search.
#extension GL_GOOGLE_include_directive : require

#include "compute/segment_error.glsl"

layout(constant_id = 16) const bool isPowerOfTwo = false;  // the scales: the ratios are powers of two
layout(push_constant, scalar) uniform Push {
    SegmentErrorSearchPush push;
};

// A clip that was tried, between its neighbours.
struct Place {
    float clip;
    float error;
    float lower;
    float upper;
};

SegmentElements elements;
Place starts[maxSearchStarts];  // the least errors first

float clipError(float clip, FormatRange format) {
    return errorOf(elements, gridOf(clip / format.clipLevel, format.smallest, format.largest), clip);
}

void remember(Place place) {
    for (uint i = 0u; i < maxSearchStarts; ++i) {
        if (place.error < starts[i].error) {
            const Place next = starts[i];
            starts[i] = place;
            place = next;
        }
    }
}

// Leaves the best local minima in `starts`.
void searchCoarsely(float first, FormatRange format) {
    for (uint s = 0u; s < maxSearchStarts; ++s) starts[s] = Place(first, largestFloat, first, first);
    float errorAbove = largestFloat;
    Place last = Place(first * push.ratios.at[0], largestFloat, first, first);
    // Tested at its end: see gemm_tiled.
    uint i = 0u;
    do {
        precise const float clip = first * push.ratios.at[i];
        const float error = clipError(clip, format);
        last.lower = clip;
        if (last.error < errorAbove && last.error <= error) remember(last);
        errorAbove = last.error;
        last = Place(clip, error, clip, last.clip);
    } while (++i < push.coarsePoints);
    if (last.error < errorAbove) remember(last);
}

void searchAround(inout Place place, FormatRange format) {
    for (uint round_ = 0u; round_ < push.fineRounds; ++round_) {
        precise const float spacing = (place.upper - place.lower) / float(push.finePoints + 1u);
        const float lower = place.lower;
        for (uint i = 1u; i <= push.finePoints; ++i) {
            precise const float clip = lower + spacing * float(i);
            const float error = clipError(clip, format);
            if (error < place.error) {
                place.error = error;
                place.clip = clip;
            }
        }
        place.lower = place.clip - spacing;
        place.upper = place.clip + spacing;
    }
}

float leastErrorClip(float largest, FormatRange format) {
    float first = largest;
    if (isPowerOfTwo) {
        const float scale = largest / format.clipLevel;
        first = uintBitsToFloat(floatBitsToUint(scale) & 0x7f800000u) * format.clipLevel;
    }
    searchCoarsely(first, format);
    Place best = starts[0];
    for (uint i = 0u; i < maxSearchStarts; ++i) {
        if (starts[i].error == largestFloat) break;
        searchAround(starts[i], format);
        if (starts[i].error < best.error) best = starts[i];
    }
    return best.clip;
}

float meanMagnitude() {
    float sum = 0.0;
    uint count = 0u;
    for (uint i = laneIndex(); i < elements.count; i += laneCount()) {
        const uint magnitude = loadElement(elements.data, elements.start + segmentOffset(i)) & 0x7fffffffu;
        if (magnitude >= 0x7f800000u) continue;
        precise const float next = sum + exactlyScaled(magnitude, elements.exponent);
        sum = next;
        ++count;
    }
    return reduceAddFloat(sum) / float(max(reduceAdd(count), 1u));
}

void main() {
    const uint segment = segmentIndex(push.geometry);
    elements = segmentElements(push.data, push.weights, push.geometry, segment);
    const float largest = largestMagnitude(elements, push.sides);
    uint g = 0u;
    do {
        float clip = 0.0;
        if (largest > 0.0) {
            if (spacing == spacingBinary && metric == metricMse)
                clip = meanMagnitude();
            else
                clip = leastErrorClip(largest, push.formats.at[g]);
        }
        if (laneIndex() == 0u && segment < push.geometry.segments)
            push.clips.at[segment * push.gridCount + g] = SegmentClip(clip, 0.0, elements.exponent);
    } while (++g < push.gridCount);
}
