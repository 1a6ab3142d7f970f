#include "tests/reference.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tests::reference {

using quant::ClippedGrid;
using quant::Granularity;

std::vector<float> magnitudes(std::span<const float> values, bool isSigned) {
    std::vector<float> result;
    for (const float x : values) {
        if (std::isfinite(x) && x != 0 && (isSigned || x > 0)) result.push_back(std::fabs(x));
    }
    std::ranges::sort(result);
    return result;
}

long double modelledSlope(std::span<const float> sorted, long double s, uint64_t inverseNoiseFactor) {
    long double inside = 0, outside = 0;
    for (const float x : sorted) {
        if (x <= s)
            inside += 1;
        else
            outside += x - s;
    }
    return s * inside / static_cast<long double>(inverseNoiseFactor) - outside;
}

float octavRoot(std::span<const float> sorted, uint64_t inverseNoiseFactor) {
    const size_t n = sorted.size();
    std::vector<long double> sumFrom(n + 1, 0);  // of sorted[i] and all above
    for (size_t i = n; i-- > 0;) sumFrom[i] = sumFrom[i + 1] + static_cast<long double>(sorted[i]);
    const auto factor = static_cast<long double>(inverseNoiseFactor);
    for (size_t first = 0, next = 0; first < n; first = next) {
        const long double v = sorted[first];
        for (next = first; next < n && sorted[next] == sorted[first]; ++next) {
        }
        const auto inside = static_cast<long double>(next), outside = static_cast<long double>(n - next);
        if (v * inside < factor * (sumFrom[next] - v * outside)) continue;
        // Multiplied by 1/γ, so that a root that lies halfway between two floats is met exactly.
        const long double weight =
            static_cast<long double>(first) + factor * static_cast<long double>(n - first);
        return static_cast<float>(std::min(v, factor * sumFrom[first] / weight));
    }
    return 0;
}

float percentile(std::span<const float> values, uint64_t numerator, uint64_t denominator) {
    std::vector<float> all;
    for (const float x : values) {
        if (std::isfinite(x)) all.push_back(std::fabs(x));
    }
    if (all.empty()) return 0;
    const size_t rank = (all.size() * numerator + denominator - 1) / denominator;
    const auto nth = all.begin() + static_cast<ptrdiff_t>(rank - 1);
    std::ranges::nth_element(all, nth);
    return *nth;
}

float absmax(std::span<const float> values) {
    float largest = 0;
    for (const float x : values) {
        if (std::isfinite(x)) largest = std::max(largest, std::fabs(x));
    }
    return largest;
}

uint64_t finite(std::span<const float> values) {
    return static_cast<uint64_t>(std::ranges::count_if(values, [](float x) { return std::isfinite(x); }));
}

quant::Profile profile(std::span<const float> values) {
    quant::Profile result;
    for (const float x : values) result.add(x);
    return result;
}

namespace {

// Magnitude bits of the elements that a refinement or window counts.
std::vector<uint32_t> countedBits(std::span<const float> values, quant::Sides sides) {
    std::vector<uint32_t> result;
    for (const float x : values) {
        const bool counted = std::isfinite(x) && x != 0 && (x > 0 || sides == quant::Sides::Both);
        if (counted) result.push_back(std::bit_cast<uint32_t>(std::fabs(x)));
    }
    return result;
}

}  // namespace

quant::RefinedBin refined(std::span<const float> values, uint32_t level, quant::Sides sides,
                          uint32_t prefix) {
    const uint32_t shift = level == 2 ? 20 : 10;
    quant::RefinedBin bin{prefix, std::vector<uint64_t>(1024), std::vector<uint64_t>(1024)};
    for (const uint32_t bits : countedBits(values, sides)) {
        if (bits >> shift != prefix) continue;
        const uint32_t below = bits % (1u << shift);
        ++bin.counts[below >> (shift - 10)];
        bin.rests[below >> (shift - 10)] += below % (1u << (shift - 10));
    }
    return bin;
}

quant::CountedWindow window(std::span<const float> values, quant::Sides sides, uint32_t first,
                            uint32_t size) {
    quant::CountedWindow result{first, std::vector<uint32_t>(size)};
    for (const uint32_t bits : countedBits(values, sides)) {
        if (bits >> 20 != first >> 20 || bits < first) continue;
        if (bits - first < size) {
            ++result.counts[bits - first];
        } else {
            ++result.countAbove;
            result.restsAbove += bits % (1u << 20);
        }
    }
    return result;
}

double quantized(double x, double step, double qmin, double qmax) {
    return step > 0 ? step * std::clamp(std::nearbyint(x / step), qmin, qmax) : 0;
}

namespace {

bool isClipped(float x, const ClippedGrid& grid) {
    return x > grid.clip || x < (grid.format.isSigned ? -grid.clip : 0.0f);
}

}  // namespace

Error exactError(std::span<const float> values, const ClippedGrid& grid) {
    Error error;
    for (const float x : values) {
        if (!std::isfinite(x)) continue;
        const double difference =
            quantized(x, grid.step(), grid.format.smallest(), grid.format.largest()) - x;
        error.squared += difference * difference;
        error.clipped += isClipped(x, grid);
    }
    return error;
}

Error floatError(std::span<const float> values, const ClippedGrid& grid, float absmaxOfTensor) {
    const int exponent = quant::powerScale(absmaxOfTensor).exponent;
    const auto step = static_cast<float>(std::ldexp(double{grid.step()}, exponent));
    const float inverse = step > 0 ? 1.0f / step : 0.0f;
    const auto qmin = static_cast<float>(grid.format.smallest()),
               qmax = static_cast<float>(grid.format.largest());
    Error error;
    for (const float x : values) {
        if (!std::isfinite(x)) continue;
        const auto scaled = static_cast<float>(std::ldexp(double{x}, exponent));
        const float value = std::clamp(std::nearbyint(scaled * inverse), qmin, qmax) * step;
        const double difference = double{scaled - value};
        error.squared += difference * difference;
        error.clipped += isClipped(x, grid);
    }
    error.squared = std::ldexp(error.squared, -2 * exponent);
    return error;
}

double energy(std::span<const float> values) {
    double sum = 0;
    for (const float x : values) sum += std::isfinite(x) ? double{x} * double{x} : 0;
    return sum;
}

namespace {

// Index of an element along an axis.
uint64_t coordinate(uint64_t element, const std::vector<uint64_t>& shape, size_t axis) {
    for (size_t i = shape.size() - 1; i > axis; --i) element /= shape[i];
    return element % shape[axis];
}

}  // namespace

uint64_t segmentOf(uint64_t element, const std::vector<uint64_t>& shape, const Granularity& granularity) {
    if (shape.empty() || granularity.kind == Granularity::Kind::Tensor) return 0;
    if (granularity.kind == Granularity::Kind::Channel) return coordinate(element, shape, granularity.axis);
    if (granularity.kind == Granularity::Kind::Block || granularity.groupAxis) {
        // The place in the array of segments, whose extents are those of the shape over the block's.
        const bool isBlock = granularity.kind == Granularity::Kind::Block;
        uint64_t segment = 0;
        for (size_t axis = 0; axis < shape.size(); ++axis) {
            uint64_t size = 1;
            if (isBlock && axis + 1 == shape.size()) size = granularity.groupSize;
            if (isBlock && axis + 2 == shape.size()) size = granularity.blockRows;
            if (!isBlock && axis == *granularity.groupAxis) size = granularity.groupSize;
            segment = segment * ((shape[axis] + size - 1) / size) + coordinate(element, shape, axis) / size;
        }
        return segment;
    }
    const uint64_t groupsPerRow = (shape.back() + granularity.groupSize - 1) / granularity.groupSize;
    return element / shape.back() * groupsPerRow + element % shape.back() / granularity.groupSize;
}

uint64_t segmentCount(const std::vector<uint64_t>& shape, const Granularity& granularity) {
    if (shape.empty() || granularity.kind == Granularity::Kind::Tensor) return 1;
    if (granularity.kind == Granularity::Kind::Channel) return shape[granularity.axis];
    if (granularity.kind == Granularity::Kind::Block || granularity.groupAxis) {
        uint64_t elements = 1;
        for (const uint64_t extent : shape) elements *= extent;
        return elements == 0 ? 0 : segmentOf(elements - 1, shape, granularity) + 1;
    }
    uint64_t rows = 1;
    for (size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
    return rows * ((shape.back() + granularity.groupSize - 1) / granularity.groupSize);
}

std::vector<std::vector<float>> segments(std::span<const float> values, const std::vector<uint64_t>& shape,
                                         const Granularity& granularity) {
    std::vector<std::vector<float>> result(segmentCount(shape, granularity));
    for (size_t i = 0; i < values.size(); ++i) result[segmentOf(i, shape, granularity)].push_back(values[i]);
    return result;
}

}  // namespace tests::reference
