// What one element adds to the sums of a metric.
#ifndef METRIC_GLSL
#define METRIC_GLSL

#include "compute/quantize.glsl"
#include "metric.h"

layout(constant_id = 19) const uint metric = metricMse;
layout(constant_id = 20) const bool isModelled = false;

// What an element adds to h at a clip in scaled units: γ·s inside (γ·s² is step²/12), less its distance
// beyond.
float modelledSlope(float x, float clip, GridCandidate grid) {
    if (x == 0.0 || (grid.qmin == 0.0 && x < 0.0)) return 0.0;
    const float inside = clip > 0.0 ? grid.step / clip * grid.step / 12.0 : 0.0;
    return abs(x) > clip ? clip - abs(x) : inside;
}

// x·Q and Q² as the model has them: Q is x with noise inside the clip, the clip beyond it.
vec2 modelledProducts(float x, float clip, GridCandidate grid) {
    if (grid.qmin == 0.0 && x < 0.0) return vec2(0.0);
    const float inside = min(abs(x), clip);
    const float noise = abs(x) > clip || x == 0.0 ? 0.0 : grid.step * grid.step / 12.0;
    return vec2(abs(x) * inside, inside * inside + noise);
}

// bits: of the element whose scaled value is x; what is not finite adds nothing.
vec2 metricTerms(uint bits, float x, float weight, float clip, GridCandidate grid) {
    if ((bits & 0x7fffffffu) >= 0x7f800000u) return vec2(0.0);
    if (metric == metricCosine) {
        if (isModelled) return modelledProducts(x, clip, grid);
        precise const float value = quantizedLevel(x, grid) * grid.step;
        return vec2(x * value, value * value);
    }
    const float error = elementError(bits, x, grid);
    const float term = isModelled ? modelledSlope(x, clip, grid) : error * error;
    return vec2(metric == metricWeighted ? weight * term : term, 0.0);
}

// What is to be least, of the two sums.
float objective(vec2 sums) {
    if (metric != metricCosine) return abs(sums.x);
    return sums.y > 0.0 ? -sums.x * inversesqrt(sums.y) : 0.0;
}

#endif
