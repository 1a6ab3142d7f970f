// What becomes of the sum of a filter on its way to the output.
#ifndef CONV_EPILOGUE_GLSL
#define CONV_EPILOGUE_GLSL

#include "compute/gemm_epilogue.glsl"
#include "convolution.h"

// Stores the sum, float bits or an int32, of a filter at a place of the output's plane. isOfLanes: whether
// the subgroup's lanes store neighbouring places, the first of them a multiple of 4; the same for all lanes.
void storeOutput(ConvEpilogue epilogue, Words outputs, uint filters, uint plane, uint image, uint filterIndex,
                 uint place, uint sum, bool isInteger, bool isOfLanes) {
    const uint groupFilters = filters / epilogue.groups;
    const GemmEpilogue whole =
        GemmEpilogue(epilogue.bias, epilogue.finish, 1.0, 0.0, epilogue.flags | flagRowChannels, 0u,
                     groupFilters, epilogue.groups);
    const PlaceOfC at =
        PlaceOfC(image * epilogue.groups + filterIndex / groupFilters, filterIndex % groupFilters, place);
    Words row = rowOfC(outputs, image * filters + filterIndex, plane);
    if (isInteger)
        storeInteger(whole, row, at, sum, isOfLanes);
    else
        storeFloat(whole, row, at, uintBitsToFloat(sum));
}

#endif
