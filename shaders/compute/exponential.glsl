// Exponential and logarithm with errors of their own: Vulkan lets a driver's be off by 3 + 2|x| units in the
// last place, and log by 2^-21 near 1.
#ifndef EXPONENTIAL_GLSL
#define EXPONENTIAL_GLSL

const float log2e = 1.44269504088896341;
const float ln2 = 0.693147180559945309;
#define minusInfinity uintBitsToFloat(0xff800000u)  // no constant expression to GLSL

// 2^x for x <= 0: relative error below 2^-22 and exactly 1 of 0; 0 below -126, where the result would be
// subnormal. NaN stays NaN. The polynomial is the best of its degree that is 1 at 0.
float exp2OfNegative(float x) {
    // The last bits of x + 1.5 * 2^23 are x, rounded. They become a float again as an integer: x + c - c has
    // been seen to become x, in spite of `precise`. (llvmpipe takes three times as long for roundEven.)
    precise const float shifted = x + 12582912.0;
    const int n = int(floatBitsToUint(shifted)) - 0x4b400000;
    const float r = x - float(n);
    float y = 1.326472731e-3;
    y = fma(y, r, 9.671512991e-3);
    y = fma(y, r, 5.550733581e-2);
    y = fma(y, r, 2.402224243e-1);
    y = fma(y, r, 6.931470037e-1);
    y = fma(y, r, 1.0);
    const float e = y * uintBitsToFloat(uint(n + 127) << 23);
    return x < -126.0 ? 0.0 : e;
}

// ln x of a finite normal x > 0, relative error below 2^-22. NaN stays NaN. After S. Moshier, Cephes, logf.c
// (1992).
float logOf(float x) {
    const uint bits = floatBitsToUint(x);
    // x = m 2^e with m in [sqrt(1/2), sqrt(2)).
    const int e = int(bits - 0x3f3504f3u) >> 23;
    const float m = uintBitsToFloat(bits - (uint(e) << 23));
    const float f = m - 1.0;
    float y = 7.0376836292e-2;
    y = fma(y, f, -1.1514610310e-1);
    y = fma(y, f, 1.1676998740e-1);
    y = fma(y, f, -1.2420140846e-1);
    y = fma(y, f, 1.4249322787e-1);
    y = fma(y, f, -1.6668057665e-1);
    y = fma(y, f, 2.0000714765e-1);
    y = fma(y, f, -2.4999993993e-1);
    y = fma(y, f, 3.3333331174e-1);
    const float square = f * f;
    precise float tail = y * f * square - float(e) * 2.12194440e-4 - 0.5 * square;
    precise float result = f + tail + float(e) * 0.693359375;
    return x != x ? x : result;
}

#endif
