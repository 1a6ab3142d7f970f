// Structs of the kernel that measures other metrics than the mean squared error.
#ifndef CLIPSCOPE_METRIC_H
#define CLIPSCOPE_METRIC_H

#include "error.h"

SHADER_NAMESPACE_BEGIN

// What is summed over the elements: specialization constant 19. Constant 20: of the modelled quantizer, whose
// error inside the clip s is step²/12 for every element but zeros, instead of the real one; there the squared
// error gives way to OCTAV's h(s), half its derivative with counts held, whose root is sought.
SHADER_CONST uint metricMse = 0;       // e², 0; modelled: h
SHADER_CONST uint metricCosine = 1;    // x·Q(x), Q(x)²
SHADER_CONST uint metricWeighted = 2;  // w·e², 0; modelled: w·h

// Sums have the shape of error_sweep's (error.h), but that elements of a quad are added one by one; two for
// each candidate.
struct MetricPush {
    ADDRESS_OF(Words4) data;            // 16-byte aligned
    ADDRESS_OF(Floats) weights;         // of the elements, for metricWeighted
    ADDRESS_OF(Candidates) candidates;  // [candidate]
    ADDRESS_OF(Words2) partials;        // [block][candidate]: two sums as float bits
    uint elements;
    uint candidateCount;
    int exponent;     // elements are scaled by 2^exponent before they are quantized
    uint firstBlock;  // where these blocks go in partials
};

SHADER_NAMESPACE_END

#endif
