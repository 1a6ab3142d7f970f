// Mean and sum of squared deviations in two walks: the first about any element gives a center near the mean,
// the second sums about that center, and what the center is off is subtracted again (T. Chan, G. Golub and
// R. LeVeque, Algorithms for computing the sample variance, The American Statistician 37, 1983,
// equation 1.7). Neither a large mean nor an odd first element costs precision.
#ifndef MOMENTS_GLSL
#define MOMENTS_GLSL

#include "compute/lanes.glsl"

float center;
vec2 deviations;  // of this lane: their sum and that of their squares

void addDeviation(float value) {
    precise const float deviation = value - center;
    deviations += vec2(deviation, deviation * deviation);
}

void beginMoments(float center_) {
    center = center_;
    deviations = vec2(0.0);
}

// After the first walk.
void centerMoments(float count) {
    beginMoments(center + addedUp(deviations.x) / count);
}

struct Moments {
    float shift;    // of the mean from the center
    float squares;  // summed, about the mean
};

// After the second walk.
Moments endMoments(float count) {
    const vec2 all_ = addedUp(deviations);
    const float shift = all_.x / count;
    const float squares = all_.y - shift * all_.x;
    return Moments(shift, squares < 0.0 ? 0.0 : squares);
}

#endif
