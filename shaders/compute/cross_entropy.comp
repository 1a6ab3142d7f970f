#version 460
// Loss of each row of logits, log(sum of e^logit) - logit of the label, about the greatest logit, so that
// nothing overflows; a subgroup for each row.
#extension GL_GOOGLE_include_directive : require

#include "compute/exponential.glsl"
#include "cross_entropy.h"

layout(push_constant, scalar) uniform Push {
    CrossEntropyPush push;
};

const uint passGreatest = 0u, passSum = 1u, passWrite = 2u;
float greatest, total;

float weightOf(float logit) {
    return exp2OfNegative((logit - greatest) * log2e);
}

void takeElement(uint pass, uint index, float value) {
    if (pass == passGreatest)
        greatest = value > greatest ? value : greatest;
    else if (pass == passSum)
        total += weightOf(value);
    else
        push.probabilities.at[index] = floatBitsToUint(weightOf(value) / total);
}

#include "compute/lane_runs.glsl"

void main() {
    findLane();
    const uint row = push.firstRow + workgroupIndex();
    if (row >= push.rows) return;
    const uint first = row * push.classes;
    greatest = minusInfinity;
    walkRun(passGreatest, push.logits, first, push.classes);
    greatest = subgroupMax(greatest);  // NaN has been passed over: the sum has it
    total = 0.0;
    walkRun(passSum, push.logits, first, push.classes);
    total = addedUp(total);
    if (push.hasProbabilities != 0u) walkRun(passWrite, push.logits, first, push.classes);

    const int label = int(push.labels.at[row]);
    const bool isIgnored = label == push.ignoredLabel;
    const float labelled = elementAt(push.logits, first + min(uint(label), push.classes - 1u));
    precise float loss = logOf(total) + (greatest - labelled);
    if (uint(label) >= push.classes) loss = uintBitsToFloat(0x7fc00000u);
    if (lane != 0u) return;
    push.losses.at[row] = floatBitsToUint(isIgnored ? 0.0 : loss);
    push.counts.at[row] = floatBitsToUint(isIgnored ? 0.0 : 1.0);
}
