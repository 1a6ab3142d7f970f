// What becomes of the sum of a filter on its way to the output: the one place where biases are added, and
// where zero points would be corrected and sums requantized.
#ifndef CONV_EPILOGUE_GLSL
#define CONV_EPILOGUE_GLSL

#include "compute/gemm_memory.glsl"
#include "convolution.h"

uint finished(ConvEpilogue epilogue, uint sum, uint filterIndex, bool isInteger) {
    if (epilogue.bias == uvec2(0u)) return sum;
    const uint bias = Words(epilogue.bias).at[filterIndex];
    return isInteger ? sum + bias : floatBitsToUint(uintBitsToFloat(sum) + uintBitsToFloat(bias));
}

#endif
