#version 460
// The scale code of every block: the one that the block's largest magnitude asks for or, searched, the best
// of its neighbours by measured error. e8m0: floor(log2(largest)) less the exponent of the format's largest
// element (OCP Microscaling Formats Specification 1.0, section 6.3). e4m3: largest over the largest element
// and the tensor's scale, rounded to nearest (NVFP4).
#extension GL_GOOGLE_include_directive : require

#include "compute/segment_error.glsl"

layout(constant_id = 16) const bool isE4m3 = false;
layout(push_constant, scalar) uniform Push {
    SegmentScaleSearchPush push;
};

const int e8m0Bias = 127;
const uint e4m3Largest = 126u;

// Positive fp8-e4m3, to nearest, ties to even.
uint e4m3CodeOf(float value) {
    const float inside = min(value, 448.0);
    const int exponent = max(int(floatBitsToUint(inside) >> 23) - 127, -6);
    const uint significand = uint(roundEven(inside * powerOfTwo(3 - exponent)));
    return uint(exponent + 6) * 8u + significand;
}

float e4m3Value(uint code) {
    const uint field = code >> 3;
    const float significand = float((code & 7u) + (field > 0u ? 8u : 0u));
    return significand * powerOfTwo(int(max(field, 1u)) - 10);
}

// In units of the segment; where the scales of the tensor are far above them, at least far above.
float tensorScaleOf(SegmentElements elements) {
    return push.tensorScale * powerOfTwo(min(push.tensorExponent + elements.exponent, 100));
}

float scaleOf(int code, SegmentElements elements) {
    if (isE4m3) return e4m3Value(uint(code)) * tensorScaleOf(elements);
    return powerOfTwo(clamp(code - e8m0Bias + elements.exponent, -126, 127));
}

int askedCode(float largest, SegmentElements elements) {
    if (isE4m3) return int(e4m3CodeOf(largest / (push.largest * tensorScaleOf(elements))));
    return 1 - elements.exponent - push.largestExponent + e8m0Bias;
}

void main() {
    const uint segment = segmentIndex(push.geometry);
    SegmentElements elements = segmentElements(push.data, push.weights, push.geometry, segment);
    const float largest = largestMagnitude(elements, 3u);
    // The step of mxint8 is a sixty-fourth of what its code says. No clip may exceed the largest float.
    const int lowest = !isE4m3 && spacing == spacingUniform ? -push.largestExponent : 0;
    const int highest = isE4m3 ? int(e4m3Largest) : 2 * e8m0Bias - push.largestExponent;
    const int asked = clamp(askedCode(largest, elements), lowest, highest);
    int code = asked;
    // Codes of e4m3 are an eighth of an octave apart, those of e8m0 a whole.
    const int below = isE4m3 ? 5 : 1, above = isE4m3 ? 2 : 1;
    if (push.isSearched != 0u && largest > 0.0) {
        float least = largestFloat;
        for (int candidate = asked + above; candidate >= asked - below; --candidate) {
            const int possible = clamp(candidate, lowest, highest);
            const float error =
                errorOf(elements, gridOf(scaleOf(possible, elements), -push.largest, push.largest), 0.0);
            if (error < least) {
                least = error;
                code = possible;
            }
        }
    }
    if (laneIndex() == 0u && segment < push.geometry.segments)
        push.scales.at[segment] = largest > 0.0 ? uint(code) : noScale;
}
