#version 460
// Cooperative matrices of int8 with int32 sums. Needs shaderInt8, storageBuffer8BitAccess and the
// cooperativeMatrix feature; gemm_tiled does without.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types : require

#define Element int8_t
#define Sum int
#define elementBytes 1
#define storeSum(epilogue, c, place, sum) storeInteger(epilogue, c, place, uint(sum))
#include "compute/gemm_coopmat.glsl"
