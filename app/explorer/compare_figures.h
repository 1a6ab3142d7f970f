#pragma once

#include "app/explorer/session.h"
#include "app/plot/bar_chart.h"
#include "app/plot/figure.h"
#include "app/plot/theme.h"
#include "quant/comparison.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace app {

// What the compare view draws.
struct CompareScene {
    const CompareState& state;
    std::span<const quant::ComparisonCell> cells;      // those known so far
    std::span<const quant::ComparisonCell> reference;  // of another tensor, marked with dots
    std::string referenceName;
    const Theme& theme;
};

// One of the charts side by side, and which cell each of its bars shows.
struct CompareChart {
    BarChart chart;
    std::vector<size_t> cells;  // [bar]
};

// The cells as bars of their SQNR. Grouped by method, a chart per granularity has bars of every format; by
// format, bars of every method; by granularity, a chart per format has bars of every method. All charts share
// their x axis, in decibels: the session's, or one that begins at zero (or the least below it) and has room
// for labels. Best is the method with the largest SQNR of those on the same format at the same granularity,
// where there are several. Cells without an error reach the end of the axis.
std::vector<CompareChart> compareCharts(const CompareScene& scene);

// The same number that a bar's label has: "31.4", "≈ 31.4" of an estimate, "exact".
std::string sqnrLabel(const quant::ComparisonCell& cell);

}  // namespace app
