// Structs of the kernels that pool planes [planes][height][width].
#ifndef CLIPSCOPE_POOLING_H
#define CLIPSCOPE_POOLING_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// For pool: its specialization constant 2 chooses between the greatest and the mean of a window.
struct PoolPush {
    ADDRESS_OF(Words) from;
    ADDRESS_OF(Words) to;  // [planes][outHeight][outWidth] floats
    int height;
    int width;
    int outHeight;
    int outWidth;
    int kernelHeight;
    int kernelWidth;
    int strideHeight;
    int strideWidth;
    int paddingHeight;
    int paddingWidth;
    int dilationHeight;
    int dilationWidth;
    uint countsPadding;  // elements of the padding count in a mean
    uint first;          // elements of `to` in this dispatch
    uint count;
};

// For plane_mean.
struct PlaneMeanPush {
    ADDRESS_OF(Words) from;  // [planes][pixels]
    ADDRESS_OF(Words) to;    // [planes] floats
    uint pixels;
    uint firstPlane;  // in this dispatch
    uint planes;      // up to which it goes
};

SHADER_NAMESPACE_END

#endif
