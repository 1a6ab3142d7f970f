#include "app/plot/axis.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace app {

namespace {

constexpr double smallest = std::numeric_limits<float>::min(), largest = std::numeric_limits<float>::max();

// Half of the largest float, so that the length of an axis is a float as well; a logarithmic axis is only
// seen through its logarithms and needs no such care.
double limitOf(AxisScale scale) {
    return scale == AxisScale::Log ? largest : largest / 2;
}

// The least distance of warped bounds, a little above what the header promises, for rounding.
double leastLength(AxisScale scale, double warpedLow, double warpedHigh) {
    constexpr double least = 1.001e-6;
    const double size = std::max(std::abs(warpedLow), std::abs(warpedHigh));
    switch (scale) {
        case AxisScale::Linear:
            return std::max(least * size, 1.001 * smallest);
        case AxisScale::Log:
            return least;
        // Far out, warped values are logarithms; near zero they are values in units of linearWidth.
        case AxisScale::Symlog:
            return least * std::max(size, 1.0);
    }
    throw std::logic_error("unknown axis scale");
}

// The axis between two warped places, or as close to that as its limits allow. `unit` is the place that stays
// where the length has to grow.
Axis between(Axis axis, double low, double high, double unit) {
    const double lowest = axis.scale == AxisScale::Log ? smallest : -limitOf(axis.scale);
    const double floor = axis.warp(lowest), ceiling = axis.warp(limitOf(axis.scale));
    const double least = std::min(leastLength(axis.scale, low, high), (ceiling - floor) / 4);
    if (!(high - low >= least)) {
        const double fixed = low + unit * (high - low);
        low = fixed - unit * least;
        high = low + least;
    }
    low = std::clamp(low, floor, ceiling - least);
    high = std::clamp(high, low + least, ceiling);
    axis.low = std::clamp(axis.unwarp(low), lowest, limitOf(axis.scale));
    axis.high = std::clamp(axis.unwarp(high), lowest, limitOf(axis.scale));
    return axis;
}

}  // namespace

std::string_view name(AxisScale scale) {
    switch (scale) {
        case AxisScale::Linear:
            return "linear";
        case AxisScale::Log:
            return "log";
        case AxisScale::Symlog:
            return "symlog";
    }
    throw std::logic_error("unknown axis scale");
}

AxisScale axisScaleFrom(std::string_view text) {
    for (const AxisScale scale : {AxisScale::Linear, AxisScale::Log, AxisScale::Symlog})
        if (text == name(scale)) return scale;
    throw std::invalid_argument("'" + std::string(text) +
                                "' is no scale of an axis; there are linear, log and symlog");
}

double Axis::warp(double value) const {
    switch (scale) {
        case AxisScale::Linear:
            return value;
        case AxisScale::Log:
            return value <= 0 ? -std::numeric_limits<double>::infinity() : std::log2(value);
        case AxisScale::Symlog:
            return std::copysign(std::log1p(std::abs(value) / linearWidth), value);
    }
    throw std::logic_error("unknown axis scale");
}

double Axis::unwarp(double warped) const {
    switch (scale) {
        case AxisScale::Linear:
            return warped;
        case AxisScale::Log:
            return std::exp2(warped);
        case AxisScale::Symlog:
            return std::copysign(linearWidth * std::expm1(std::abs(warped)), warped);
    }
    throw std::logic_error("unknown axis scale");
}

double Axis::unitOf(double value) const {
    const double from = warp(low), unit = (warp(value) - from) / (warp(high) - from);
    return isReversed ? 1 - unit : unit;
}

double Axis::valueAt(double unit) const {
    if (isReversed) unit = 1 - unit;
    if (unit == 0) return low;
    if (unit == 1) return high;
    return unwarp(std::lerp(warp(low), warp(high), unit));
}

Axis Axis::panned(double units) const {
    assert(std::isfinite(units));
    if (units == 0) return *this;
    if (isReversed) units = -units;
    const double length = warp(high) - warp(low);
    const double limit = warp(limitOf(scale)), lowest = scale == AxisScale::Log ? warp(smallest) : -limit;
    // At an end of the numbers the axis stops and keeps its length.
    const double least = std::min(lowest, warp(low)), most = std::max(limit, warp(high)) - length;
    const double from = std::clamp(warp(low) + units * length, least, std::max(least, most));
    return between(*this, from, from + length, 0.5);
}

Axis Axis::zoomed(double factor, double unit) const {
    assert(factor > 0 && std::isfinite(factor) && std::isfinite(unit));
    if (factor == 1) return *this;
    if (isReversed) unit = 1 - unit;
    const double from = warp(low), length = warp(high) - from;
    const double fixed = from + unit * length;
    return between(*this, fixed - unit * factor * length, fixed + (1 - unit) * factor * length, unit);
}

}  // namespace app
