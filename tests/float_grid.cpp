#include "tests/float_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tests {

using quant::ClippedGrid;
using quant::NumberFormat;
using quant::Spacing;

FloatGrid::FloatGrid(const ClippedGrid& grid, float largest)
    : m_grid(grid), m_exponent(largest > 0 ? 1 - std::ilogb(largest) : 0), m_zero(grid.zeroPoint()) {
    const double step = std::ldexp(double{grid.step()}, m_exponent);
    if (step < 0x1p-126 || step > 0x1.fffffep127) return;
    m_step = static_cast<float>(step);
    m_inverse = 1.0f / m_step;
}

double FloatGrid::element(float x) const {
    const NumberFormat& format = m_grid.format;
    if (format.hasFloatExponents()) return format.quantize(x);
    if (std::isnan(x)) return format.isAffine ? 0 : format.quantize(x);
    if (std::isinf(x) && m_step == 0) return 0;
    if (std::isinf(x)) return (x > 0 ? format.largest() : format.smallest()) - m_zero;
    if (format.spacing == Spacing::Binary) return format.quantize(x);  // by the sign, however small
    const double scaled = std::ldexp(double{x}, m_exponent);
    const double y = static_cast<float>(scaled * double{m_inverse});
    if (!format.isAffine) return format.quantize(y);
    return std::clamp(std::nearbyint(y) + m_zero, format.smallest(), format.largest()) - m_zero;
}

uint32_t FloatGrid::code(float x, uint32_t storedBits) const {
    const NumberFormat& format = m_grid.format;
    const double found = element(x);
    if (format.spacing != Spacing::Uniform) return format.encode(found);
    return static_cast<uint32_t>(static_cast<int32_t>(found + m_zero)) & ((1u << storedBits) - 1);
}

double FloatGrid::scaledValue(float x) const {
    if (m_grid.format.hasFloatExponents()) return std::ldexp(element(x), m_exponent);
    return static_cast<float>(element(x) * double{m_step});
}

double FloatGrid::value(float x) const {
    constexpr double most = std::numeric_limits<float>::max();
    const double value = std::ldexp(scaledValue(x), -m_exponent);
    return std::isnan(value) ? value : std::clamp(value, -most, most);
}

double floatSquaredError(std::span<const float> values, const ClippedGrid& grid, float absmax) {
    const FloatGrid floats(grid, absmax);
    double sum = 0;
    for (const float x : values) {
        if (!std::isfinite(x)) continue;
        const double error = std::ldexp(double{x}, floats.exponent()) - floats.scaledValue(x);
        sum += error * error;
    }
    return std::ldexp(sum, -2 * floats.exponent());
}

uint64_t clippedCount(std::span<const float> values, const ClippedGrid& grid) {
    return static_cast<uint64_t>(std::ranges::count_if(
        values, [&](float x) { return std::isfinite(x) && (x > grid.clip || x < grid.lowestKept()); }));
}

}  // namespace tests
