// Philox4x32-10, a counter-based random number generator: the same counter and key give the same bits
// everywhere. Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011. In
// step with quant/philox.h.
#ifndef PHILOX_GLSL
#define PHILOX_GLSL

uvec4 philox4x32(uvec4 counter, uvec2 key) {
    for (uint round_ = 0u; round_ < 10u; ++round_) {
        uint high0, low0, high1, low1;
        umulExtended(0xd2511f53u, counter.x, high0, low0);
        umulExtended(0xcd9e8d57u, counter.z, high1, low1);
        counter = uvec4(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
        key += uvec2(0x9e3779b9u, 0xbb67ae85u);
    }
    return counter;
}

// Random bits of the four elements from 4 * block on; 64-bit numbers are low half first.
uvec4 philoxBits(uvec2 seed, uvec2 block) {
    return philox4x32(uvec4(block, 0u, 0u), seed);
}

// Uniform in [0, 1), multiples of 2^-24.
vec4 philoxUniforms(uvec4 bits) {
    return vec4(bits >> 8) * (1.0 / 16777216.0);
}

#endif
