#version 460
// Radix select in every segment: the smallest magnitude with at least so many finite elements at or below it.
#extension GL_GOOGLE_include_directive : require

#include "compute/segment_reduce.glsl"

layout(push_constant, scalar) uniform Push {
    SegmentSelectPush push;
};

void main() {
    const uint segment = segmentIndex(push.geometry);
    const uint elements = segmentLength(push.geometry, segment);
    const uint start = segmentStart(push.geometry, segment);
    uint finite = 0u;
    for (uint i = laneIndex(); i < elements; i += laneCount()) {
        finite += uint((loadElement(push.data, start + segmentOffset(i)) & 0x7fffffffu) < 0x7f800000u);
    }
    const uint rank = push.ranks.at[reduceAdd(finite)];
    uint answer = 0u;
    for (uint bit = 0x40000000u; bit != 0u; bit >>= 1) {
        const uint last = answer + bit - 1u;
        uint count = 0u;
        for (uint i = laneIndex(); i < elements; i += laneCount()) {
            const uint bits = loadElement(push.data, start + segmentOffset(i));
            const uint magnitude = bits & 0x7fffffffu;
            const bool isLow = magnitude <= last || (push.sides >> (bits >> 31) & 1u) == 0u;
            count += uint(isLow && magnitude < 0x7f800000u);
        }
        if (reduceAdd(count) < rank) answer += bit;
    }
    if (laneIndex() == 0u && segment < push.geometry.segments) push.values.at[segment] = answer;
}
