// How weights of attention become a row of the result: shared by those who have them all.
#ifndef ATTENTION_WEIGHTS_GLSL
#define ATTENTION_WEIGHTS_GLSL

#include "compute/exponential.glsl"

// From where scores are counted, near the greatest: while every key was hidden, any finite number will do.
float originOf(float greatest) {
    return greatest == minusInfinity ? 0.0 : greatest;
}

// What sums are multiplied by in the end. A row that saw no key is zero.
float shareOf(float total) {
    return total == 0.0 ? 0.0 : 1.0 / total;
}

float logSumOf(float greatest, float total) {
    return total == 0.0 ? minusInfinity : originOf(greatest) * ln2 + logOf(total);
}

#endif
