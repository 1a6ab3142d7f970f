// One of the transforms of shaders/winograd.h, T x T^T, in registers. The file that includes this one defines
// rowsOf and columnsOf, the extents of T for a tile, and small and large, T for tiles of 2 and of 4. With all
// loops unrolled the compiler leaves nothing of the matrices but the additions, and the multiplications by
// what is neither 0 nor 1.
#ifndef CONV_WINOGRAD_GLSL
#define CONV_WINOGRAD_GLSL

#extension GL_EXT_control_flow_attributes : require

#include "convolution.h"
#include "winograd.h"

layout(constant_id = 2) const uint tile = 2;  // outputs along an axis: 2 or 4

const uint rows = rowsOf(tile);
const uint columns = columnsOf(tile);

float entry(uint row, uint column) {
    return tile == 2u ? small[row * columns + column] : large[row * columns + column];
}

// Not arguments: spirv-opt fails on arrays of such sizes.
float operand[columns * columns];
float transformed[rows * rows];

void transform() {
    float half_[rows * columns];  // T x
    [[unroll]] for (uint i = 0u; i < rows; ++i) {
        [[unroll]] for (uint j = 0u; j < columns; ++j) {
            float sum = 0.0;
            [[unroll]] for (uint k = 0u; k < columns; ++k) {
                if (entry(i, k) != 0.0) sum += entry(i, k) * operand[k * columns + j];
            }
            half_[i * columns + j] = sum;
        }
    }
    [[unroll]] for (uint i = 0u; i < rows; ++i) {
        [[unroll]] for (uint j = 0u; j < rows; ++j) {
            float sum = 0.0;
            [[unroll]] for (uint k = 0u; k < columns; ++k) {
                if (entry(j, k) != 0.0) sum += entry(j, k) * half_[i * columns + k];
            }
            transformed[i * rows + j] = sum;
        }
    }
}

#endif
