// The matrices of minimal filtering F(2,3) and F(4,3): Y = A^T [(G g) * (B^T d)] has the 2 or 4 outputs of a
// filter g of 3 elements on d of 4 or 6, with 4 or 6 multiplications; in two dimensions Y = A^T [(G g G^T) *
// (B^T d B)] A. A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks (CVPR 2016),
// equations 6 and 12; the last row of B^T and of A^T have the signs of S. Winograd's own.
#ifndef CLIPSCOPE_WINOGRAD_H
#define CLIPSCOPE_WINOGRAD_H

#include "shared_types.h"

SHADER_NAMESPACE_BEGIN

// clang-format off
SHADER_CONST float winograd2Input[4 * 4] = {  // B^T
    1, 0, -1, 0,
    0, 1, 1, 0,
    0, -1, 1, 0,
    0, 1, 0, -1};
SHADER_CONST float winograd2Weights[4 * 3] = {  // G
    1, 0, 0,
    0.5, 0.5, 0.5,
    0.5, -0.5, 0.5,
    0, 0, 1};
SHADER_CONST float winograd2Output[2 * 4] = {  // A^T
    1, 1, 1, 0,
    0, 1, -1, -1};

SHADER_CONST float winograd4Input[6 * 6] = {
    4, 0, -5, 0, 1, 0,
    0, -4, -4, 1, 1, 0,
    0, 4, -4, -1, 1, 0,
    0, -2, -1, 2, 1, 0,
    0, 2, -1, -2, 1, 0,
    0, 4, 0, -5, 0, 1};
SHADER_CONST float winograd4Weights[6 * 3] = {
    1.0f / 4.0f, 0, 0,
    -1.0f / 6.0f, -1.0f / 6.0f, -1.0f / 6.0f,
    -1.0f / 6.0f, 1.0f / 6.0f, -1.0f / 6.0f,
    1.0f / 24.0f, 1.0f / 12.0f, 1.0f / 6.0f,
    1.0f / 24.0f, -1.0f / 12.0f, 1.0f / 6.0f,
    0, 0, 1};
SHADER_CONST float winograd4Output[4 * 6] = {
    1, 1, 1, 1, 1, 0,
    0, 1, -1, 2, -2, 0,
    0, 1, 1, 4, 4, 0,
    0, 1, -1, 8, -8, 1};
// clang-format on

SHADER_NAMESPACE_END

#endif
