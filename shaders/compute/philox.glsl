// Philox4x32-10, a counter-based random number generator; the same bits as quant/philox.h, which has the
// source.
#ifndef PHILOX_GLSL
#define PHILOX_GLSL

uvec4 philox(uvec4 counter, uvec2 key) {
    for (uint round = 0u; round < 10u; ++round) {
        uint highA, lowA, highB, lowB;
        umulExtended(0xd2511f53u, counter.x, highA, lowA);
        umulExtended(0xcd9e8d57u, counter.z, highB, lowB);
        counter = uvec4(highB ^ counter.y ^ key.x, lowB, highA ^ counter.w ^ key.y, lowA);
        key += uvec2(0x9e3779b9u, 0xbb67ae85u);
    }
    return counter;
}

// Random bits of the four elements from 4 * block on; 64-bit numbers are low half first.
uvec4 philoxBits(uvec2 seed, uvec2 block) {
    return philox(uvec4(block, 0u, 0u), seed);
}

// Uniform in [0, 1), multiples of 2^-24.
vec4 philoxUniforms(uvec4 bits) {
    return vec4(bits >> 8) * (1.0 / 16777216.0);
}

#endif
