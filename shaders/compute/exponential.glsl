// Exponential and logarithm with errors of their own: Vulkan lets a driver's be off by 3 + 2|x| units in the
// last place, and log by 2^-21 near 1. Polynomials and split constants: S. Moshier, Cephes, expf.c and
// logf.c (1992).
#ifndef EXPONENTIAL_GLSL
#define EXPONENTIAL_GLSL

#define minusInfinity uintBitsToFloat(0xff800000u)  // no constant expression to GLSL

// e^x for x <= 0, relative error below 2^-22 and exactly 1 of 0; 0 below -87.33, where the result would be
// subnormal. NaN stays NaN.
float expOfNegative(float x) {
    const float n = roundEven(x * 1.44269504088896341);
    precise float r = x - n * 0.693359375;
    r = r + n * 2.12194440e-4;
    float y = 1.9875691500e-4;
    y = fma(y, r, 1.3981999507e-3);
    y = fma(y, r, 8.3334519073e-3);
    y = fma(y, r, 4.1665795894e-2);
    y = fma(y, r, 1.6666665459e-1);
    y = fma(y, r, 5.0000001201e-1);
    precise float power = y * (r * r) + r + 1.0;
    const float e = power * uintBitsToFloat(uint(int(n) + 127) << 23);
    return x < -87.33 ? 0.0 : e;
}

// 2^x for x <= 0, in the same way, at half the cost: relative error below 2^-22, exactly 1 of 0, 0 below
// -126. The polynomial is the best of its degree that is 1 at 0.
float exp2OfNegative(float x) {
    precise const float shifted = x + 12582912.0;  // 1.5 * 2^23: the last bits are those of x, rounded
    precise const float n = shifted - 12582912.0;
    const float r = x - n;
    float y = 1.326472731e-3;
    y = fma(y, r, 9.671512991e-3);
    y = fma(y, r, 5.550733581e-2);
    y = fma(y, r, 2.402224243e-1);
    y = fma(y, r, 6.931470037e-1);
    y = fma(y, r, 1.0);
    const float e = y * uintBitsToFloat((floatBitsToUint(shifted) + 127u) << 23);
    return x < -126.0 ? 0.0 : e;
}

// ln x of a finite normal x > 0, relative error below 2^-22. NaN stays NaN.
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
