#version 460
// Cooperative matrices of uint8 with uint32 sums. Needs shaderInt8, storageBuffer8BitAccess and the
// cooperativeMatrix feature; gemm_tiled does without.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types : require

#define Element uint8_t
#define Sum uint
#define elementBytes 1
#define storeSum(epilogue, c, place, sum) storeInteger(epilogue, c, place, uint(sum))
#include "compute/gemm_coopmat.glsl"
