// Structs of the kernels of layer and batch normalization: y = (x - mean) / sqrt(variance + epsilon) * gamma
// + beta.
#ifndef CLIPSCOPE_NORMALIZATION_H
#define CLIPSCOPE_NORMALIZATION_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// Of gamma and beta there is always something readable; hasGamma and hasBeta are 0 or 1.
struct LayerNormPush {
    ADDRESS_OF(Words) from;  // [rows][columns]
    ADDRESS_OF(Words) to;    // floats
    ADDRESS_OF(Words) gamma;
    ADDRESS_OF(Words) beta;
    uint hasGamma;
    uint hasBeta;
    uint columns;
    float epsilon;
    uint firstRow;  // in this dispatch
    uint rows;      // up to which it goes
};

// How workgroups share [images][channels][pixels]: a chunk is chunkPixels of chunkImages of one channel,
// chunksAcross of them side by side in an image. A group is one chunk: channel * chunks + chunk.
struct BatchGeometry {
    uint images;
    uint channels;
    uint pixels;
    uint chunkImages;
    uint chunkPixels;
    uint chunksAcross;
    uint chunks;      // of a channel
    uint pixelLanes;  // lanes along the pixels of an image: all, or a power of two where pixels are fewer
};

// For batch_moments.
struct BatchMomentsPush {
    ADDRESS_OF(Words) from;
    ADDRESS_OF(Words) partials;  // [group][4] floats: center, mean - center, sum of squared deviations, count
    BatchGeometry geometry;
    uint firstGroup;  // in this dispatch
    uint groups;      // up to which it goes
};

// For batch_statistics. [channels] floats each.
struct BatchStatisticsPush {
    ADDRESS_OF(Words) partials;
    ADDRESS_OF(Words) centers;  // centers + shifts: the means, more precise than floats
    ADDRESS_OF(Words) shifts;
    ADDRESS_OF(Words) means;
    ADDRESS_OF(Words) variances;         // biased
    ADDRESS_OF(Words) runningMeans;      // updated where hasRunning
    ADDRESS_OF(Words) runningVariances;  // by the unbiased variance
    uint hasRunning;
    float momentum;
    uint chunks;
    uint count;         // elements of a channel
    uint firstChannel;  // in this dispatch
    uint channels;      // up to which it goes
};

// For batch_normalize. [channels] floats each; something readable where there are no shifts, gamma or beta.
struct BatchNormalizePush {
    ADDRESS_OF(Words) from;
    ADDRESS_OF(Words) to;
    ADDRESS_OF(Words) centers;
    ADDRESS_OF(Words) shifts;
    ADDRESS_OF(Words) variances;
    ADDRESS_OF(Words) gamma;
    ADDRESS_OF(Words) beta;
    uint hasShifts;  // these are 0 or 1
    uint hasGamma;
    uint hasBeta;
    float epsilon;
    BatchGeometry geometry;
    uint firstGroup;
    uint groups;
};

SHADER_NAMESPACE_END

#endif
