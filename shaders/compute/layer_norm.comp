#version 460
// Layer normalization of rows (J. Ba, J. Kiros and G. Hinton, Layer Normalization, 2016, equation 4): a
// subgroup for each row.
#extension GL_GOOGLE_include_directive : require

#include "compute/moments.glsl"
#include "normalization.h"

layout(push_constant, scalar) uniform Push {
    LayerNormPush push;
};

const uint passMoments = 0u, passWrite = 1u;
uint rowStart;
float shift, scale;

void takeElement(uint pass, uint index, float value) {
    if (pass == passMoments) {
        addDeviation(value);
        return;
    }
    const uint column = index - rowStart;
    precise float y = (value - center - shift) * scale;
    if (push.hasGamma != 0u) y *= uintBitsToFloat(push.gamma.at[column]);
    if (push.hasBeta != 0u) y += uintBitsToFloat(push.beta.at[column]);
    push.to.at[index] = floatBitsToUint(y);
}

#include "compute/lane_runs.glsl"

void main() {
    findLane();
    const uint row = push.firstRow + workgroupIndex();
    if (row >= push.rows) return;
    const float count = float(push.columns);
    rowStart = row * push.columns;
    beginMoments(elementAt(push.from, rowStart));
    walkRun(passMoments, push.from, rowStart, push.columns);
    centerMoments(count);
    walkRun(passMoments, push.from, rowStart, push.columns);
    const Moments moments = endMoments(count);
    shift = moments.shift;
    scale = 1.0 / sqrt(moments.squares / count + push.epsilon);
    walkRun(passWrite, push.from, rowStart, push.columns);
}
