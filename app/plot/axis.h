#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace app {

// How values are spread along an axis.
enum class AxisScale {
    Linear,
    Log,     // values at or below zero lie at its lower end
    Symlog,  // linear between -linearWidth and linearWidth, logarithmic beyond: sign(v)·log(1 + |v|/width)
};

// "linear", "log", "symlog"; the way back throws std::invalid_argument.
std::string_view name(AxisScale scale);
AxisScale axisScaleFrom(std::string_view text);

struct Tick {
    double value = 0;
    std::string label;  // empty on a minor tick
};

// What one direction of a plot shows: low at one end, high at the other. low < high, both finite; Log: low >
// 0.
struct Axis {
    AxisScale scale = AxisScale::Linear;
    double low = 0, high = 1;
    double linearWidth = 1;   // of Symlog, above 0
    std::string label;        // with its unit: "clip", "SQNR (dB)"
    bool isReversed = false;  // high at the left or lower end: rows of a matrix, from the top
    bool isWhole = false;     // Linear: values are whole numbers, as those of rows, and so are ticks

    bool operator==(const Axis&) const = default;

    // Where values are evenly spread: the value itself, log2 or the symmetric logarithm of it. What Log
    // cannot show becomes -infinity.
    double warp(double value) const;
    double unwarp(double warped) const;

    // Place of a value along the axis from its left or lower end, 0 at low and 1 at high, or the other way
    // round where it is reversed; outside that where it is beyond them.
    double unitOf(double value) const;
    double valueAt(double unit) const;

    // The same axis with its bounds moved by `units` of its length, or scaled by `factor` (below 1: closer)
    // around the place `unit`, which keeps its value. Bounds stay in the range of normal floats and apart
    // from each other by at least 1e-6 of their size (Log: 1e-6 octaves).
    Axis panned(double units) const;
    Axis zoomed(double factor, double unit) const;

    // Ticks at round values, in order of their places: at most `most` (at least 2) of them labelled, minor
    // ones between where there is room. Linear: 1, 2 or 5 times a power of ten. Log: powers of ten (of which
    // every n-th is labelled over many decades), or 1-2-5 within few, or as Linear within less than one.
    std::vector<Tick> ticks(int most) const;
};

}  // namespace app
