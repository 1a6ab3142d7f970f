#version 460
// Measures the squared quantization error of each segment on each of some candidate grids. Invocations side
// by side share their elements and differ in their candidates.
#extension GL_GOOGLE_include_directive : require

#include "compute/grid.glsl"
#include "compute/quantize.glsl"
#include "segment_curves.h"

layout(push_constant, scalar) uniform Push {
    SegmentSweepPush push;
};

void main() {
    const uint groups = (push.candidateCount + candidatesPerTeam - 1u) / candidatesPerTeam;
    const uint index = invocationIndex();
    const uint first = index % groups * candidatesPerTeam;
    const uint segment = index / groups % push.segments;
    const uint part = index / groups / push.segments;
    if (part >= push.parts) return;
    GridCandidate grids[candidatesPerTeam];
    float totals[candidatesPerTeam];
    for (uint c = 0u; c < candidatesPerTeam; ++c) {
        grids[c] = push.candidates.at[min(first + c, push.candidateCount - 1u)];
        totals[c] = 0.0;
    }
    const uint begin = part * partElements;
    const uint end = min(begin + partElements, push.run * push.periods);
    uint inRun = begin % push.run;
    int at =
        int(begin / push.run * push.period + (push.firstSegment + segment) * push.run + inRun) - push.skipped;
    uint finite = 0u;
    for (uint step_ = begin; step_ < end; step_ += partStepElements) {
        float steps[candidatesPerTeam];
        for (uint c = 0u; c < candidatesPerTeam; ++c) steps[c] = 0.0;
        for (uint i = step_; i < min(step_ + partStepElements, end); ++i) {
            if (at >= int(push.firstElement) && at < int(push.elements)) {
                const uint bits = loadElement(push.data, uint(at));
                const float x = scaledElement(bits, push.exponent);
                finite += uint((bits & 0x7fffffffu) < 0x7f800000u);
                for (uint c = 0u; c < candidatesPerTeam; ++c) {
                    const float e = elementError(bits, x, grids[c]);
                    precise const float sum = steps[c] + e * e;
                    steps[c] = sum;
                }
            }
            ++at;
            if (++inRun == push.run) {
                inRun = 0u;
                at += int(push.period - push.run);
            }
        }
        for (uint c = 0u; c < candidatesPerTeam; ++c) {
            precise const float total = totals[c] + steps[c];
            totals[c] = total;
        }
    }
    const uint row = (part * push.segments + segment) * push.candidateCount;
    for (uint c = 0u; c < candidatesPerTeam && first + c < push.candidateCount; ++c)
        push.partials.at[row + first + c] = uvec2(floatBitsToUint(totals[c]), finite);
}
