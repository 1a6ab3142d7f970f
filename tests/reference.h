// Plain references for what the kernels compute, straight from the definitions, in double or wider.
#pragma once

#include "quant/error_pass.h"
#include "quant/magnitude_query.h"
#include "quant/profile.h"
#include "quant/segments.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tests::reference {

// Magnitudes of the elements that an octav method is about: finite, not zero, above zero when not isSigned.
// Sorted.
std::vector<float> magnitudes(std::span<const float> values, bool isSigned);

// OCTAV's h(s) = γ·s·#{0<|x|<=s} - Σ_{|x|>s}(|x| - s), γ = 1/inverseNoiseFactor.
long double modelledSlope(std::span<const float> sorted, long double s, uint64_t inverseNoiseFactor);

// The smallest s with h(s) >= 0 by a walk over the sorted magnitudes, rounded to float. Sums are of long
// double, all terms positive: relative error below elements·2^-64, far below half a unit of float but for
// exact ties.
float octavRoot(std::span<const float> sorted, uint64_t inverseNoiseFactor);
inline float octavRoot(std::span<const float> values, bool isSigned, uint64_t inverseNoiseFactor) {
    return octavRoot(magnitudes(values, isSigned), inverseNoiseFactor);
}

// The smallest magnitude with at least numerator/denominator of the finite elements at or below it; 0 for
// none.
float percentile(std::span<const float> values, uint64_t numerator, uint64_t denominator);

float absmax(std::span<const float> values);
uint64_t finite(std::span<const float> values);

quant::Profile profile(std::span<const float> values);
// What a refinement of level 2 or 3 counts; zeros, Inf and NaN are in no bin.
quant::RefinedBin refined(std::span<const float> values, uint32_t level, quant::Sides sides, uint32_t prefix);

// What a window of `size` magnitudes from `first` on counts, and what lies above it in its bin of the
// profile.
quant::CountedWindow window(std::span<const float> values, quant::Sides sides, uint32_t first, uint32_t size);

// Q(x) = Δ·clamp(roundEven(x/Δ), qmin, qmax) in double.
double quantized(double x, double step, double qmin, double qmax);

struct Error {
    double squared = 0;
    uint64_t clipped = 0;
};
// Σ(Q(x) - x)² over the finite elements, in double throughout.
Error exactError(std::span<const float> values, const quant::ClippedGrid& grid);
// The same with the float operations that the kernels document (scaled by a power of two, product with the
// rounded inverse step), summed in double.
Error floatError(std::span<const float> values, const quant::ClippedGrid& grid, float absmaxOfTensor);
double energy(std::span<const float> values);

// The elements of every segment, found by each element's coordinates.
std::vector<std::vector<float>> segments(std::span<const float> values, const std::vector<uint64_t>& shape,
                                         const quant::Granularity& granularity);
// Where an element belongs, by its coordinates.
uint64_t segmentOf(uint64_t element, const std::vector<uint64_t>& shape,
                   const quant::Granularity& granularity);
uint64_t segmentCount(const std::vector<uint64_t>& shape, const quant::Granularity& granularity);

}  // namespace tests::reference
