#version 460
// Cooperative matrices of float16 with float32 sums. Needs shaderFloat16, storageBuffer16BitAccess and the
// cooperativeMatrix feature; gemm_tiled does without.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types : require

#define Element float16_t
#define Sum float
#define elementBytes 2
#define storeSum storeFloat
#include "compute/gemm_coopmat.glsl"
