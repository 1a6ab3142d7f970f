#ifndef HALF_GLSL
#define HALF_GLSL

// binary16 to binary32, exact for every value: NaN stays NaN, subnormals become normal, so that no driver's
// denormal mode can touch them.
uint floatBitsOfHalf(uint h) {
    const uint sign = (h & 0x8000u) << 16;
    const uint magnitude = h & 0x7fffu;
    const uint normal = (magnitude << 13) + (magnitude >= 0x7c00u ? 0x70000000u : 0x38000000u);
    // A subnormal is magnitude * 2^-24.
    const uint subnormal = floatBitsToUint(float(magnitude) * 5.9604644775390625e-8);
    return sign | (magnitude < 0x0400u ? subnormal : normal);
}

#endif
