// Structs of the kernels of 2-D convolutions: tensors as quant/convolution_shape.h has them. Every tensor
// holds fewer than 2^32 elements and ends on a whole word.
#ifndef CLIPSCOPE_CONVOLUTION_H
#define CLIPSCOPE_CONVOLUTION_H

#include "gemm.h"

SHADER_NAMESPACE_BEGIN

struct ConvGeometry {
    uint channels;
    uint height;  // of the input, without padding
    uint width;
    uint filters;
    uint outHeight;
    uint outWidth;
    uint kernelHeight;
    uint kernelWidth;
    uint strideY;
    uint strideX;
    uint padTop;
    uint padLeft;
    uint dilationY;
    uint dilationX;
    uint groups;
};

// What becomes of a sum before it is stored: that of a GemmEpilogue whose rows are filters, whose columns are
// places of the output's plane and whose batches are groups of images. See conv_epilogue.glsl.
struct ConvEpilogue {
    AddressBits bias;    // of [filters] floats or int32; 0 for none
    AddressBits finish;  // of a GemmFinish; 0 where it is plain
    uint flags;          // as GemmEpilogue has them
    uint groups;
};

// For conv_direct. A block is what a workgroup computes.
struct ConvDirectPush {
    ADDRESS_OF(Words) inputs;
    ADDRESS_OF(Words) weights;
    ADDRESS_OF(Words) outputs;
    ConvEpilogue epilogue;
    ConvGeometry geometry;
    uint images;
    uint zeroPoint;   // what places of padding hold: an int32, or the bits of 0.0
    uint firstBlock;  // dispatches may cover the blocks in pieces
    uint blocks;
};

// For conv_columns: a matrix [channel][kernelHeight][kernelWidth][column] of the input's elements, whose
// columns are outputs of one image.
struct ConvColumnsPush {
    ADDRESS_OF(Words) inputs;
    ADDRESS_OF(Words) columns;
    ConvGeometry geometry;
    uint zeroPoint;
    uint firstPlane;   // image * channels
    uint depth;        // channels
    uint firstColumn;  // of the output's plane
    uint columnCount;
    uint pitchWords;  // from one row of the matrix to the next: whole words
};

// For conv_winograd_weights: [filters][channels][3][3] to [t * t][filters][channels] with t = tile + 2.
struct ConvWinogradWeightsPush {
    ADDRESS_OF(Words) weights;
    ADDRESS_OF(Words) transformed;
    uint firstPair;  // filter * channels + channel
    uint pairs;      // of this dispatch, and from one of the t * t places to the next
};

// For conv_winograd_input and conv_winograd_output. Tiles are numbered by image, row and column; scratch
// holds those from firstTile on. A run is as many tiles as a workgroup has lanes: see
// conv_winograd_tiles.glsl.
struct ConvWinogradPush {
    ADDRESS_OF(Words) tensor;   // input [images][channels], or output [images][filters]
    ADDRESS_OF(Words) scratch;  // [t * t][planes][pitch]: transformed input, or products
    ConvEpilogue epilogue;
    uint planes;  // channels, or filters of this dispatch
    uint height;  // of the tensor's planes
    uint width;
    uint padTop;
    uint padLeft;
    uint tilesAcross;
    uint tilesDown;
    uint firstTile;
    uint tiles;
    uint firstRun;
    uint runs;
    uint pitch;          // from one row of scratch to the next, at least tiles + lanes
    uint elements;       // of the tensor
    uint tensorPlanes;   // channels or filters of the tensor
    uint firstPlane;     // of the filters
    uint planesPerLane;  // that one workgroup computes, one after another
};

SHADER_NAMESPACE_END

#endif
