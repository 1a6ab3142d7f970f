#version 460
// Cooperative matrices of float16 with float16 sums. Needs shaderFloat16, storageBuffer16BitAccess and the
// cooperativeMatrix feature; gemm_reference does without.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types : require

#define Element float16_t
#define Sum float16_t
#define elementBytes 2
#define storeSum(epilogue, c, place, sum) storeFloat(epilogue, c, place, float(sum))
#include "compute/gemm_coopmat.glsl"
