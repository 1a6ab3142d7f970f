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

// Rounded to binary16 and back, to nearest, ties to even; what is too large becomes infinite.
float roundedToHalf(float x) {
    const uint bits = floatBitsToUint(x);
    const uint magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return x;
    if (magnitude >= 0x477ff000u) return uintBitsToFloat(bits & 0x80000000u | 0x7f800000u);
    // Below 2^-14: multiples of 2^-24.
    if (magnitude < 0x38800000u) return roundEven(x * 16777216.0) * 5.9604644775390625e-8;
    return uintBitsToFloat((bits + 0xfffu + (bits >> 13u & 1u)) & 0xffffe000u);
}

#endif
