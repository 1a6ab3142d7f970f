// Structs of the kernel that adds up measured errors on the device, for curves and maps that are drawn while
// they grow.
#ifndef CLIPSCOPE_MEAN_ERROR_H
#define CLIPSCOPE_MEAN_ERROR_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// Σe² of one candidate so far: a float pair high + low, exact to some 2^-47 of the sum, and, where elements
// are counted, how many they are.
struct ErrorTotal {
    float high;
    float low;
    uint elementsLow;
    uint elementsHigh;
};
#ifndef __cplusplus
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer ErrorTotals {
    ErrorTotal at[];
};
#endif

struct MeanErrorPush {
    ADDRESS_OF(Words2) partials;     // [block][candidate]: sum of squared errors as float bits, count
    ADDRESS_OF(ErrorTotals) totals;  // [candidate]
    ADDRESS_OF(Floats) means;        // [candidate]: mean squared error, unscaled; NaN of no elements
    uint candidates;
    uint blocks;
    float elements;  // of all blocks so far; unused where the partials count them
    int exponent;    // elements were scaled by 2^exponent
};

SHADER_NAMESPACE_END

#endif
