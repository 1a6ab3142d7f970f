#pragma once

#include "app/plot/figure.h"
#include "app/plot/theme.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace app {

// Groups of horizontal bars that begin at zero, group below group and in each the series in order.
struct BarChart {
    struct Series {
        std::string name;  // in the legend; empty: not there
        Colour colour = 0;
    };
    struct Bar {
        size_t group = 0, series = 0;
        double value = 0;
        std::string label;                // beside its end, where there is room
        bool isBest = false;              // marked
        bool isPale = false;              // with an outline: estimated
        std::optional<double> reference;  // marked with an outlined dot
        std::string name;                 // in exports
    };

    std::string title;
    Axis x;
    std::vector<std::string> groups;
    std::vector<Series> series;
    std::vector<Bar> bars;
    std::string bestName, paleName, referenceName;  // in the legend, where there are such bars
    std::string groupLabel;                         // what the groups are, above their names
};

// Where the bar of a series in a group lies along y; the first group is on top. The axis goes from 0 to the
// number of groups.
struct BarPlace {
    double bottom = 0, top = 0;
};
BarPlace barPlace(const BarChart& chart, size_t group, size_t series);

// The bar under a place of the axes, with the gap to its neighbours and beyond its end; none between groups.
std::optional<size_t> barAt(const BarChart& chart, double y);

// About how large the plot will be, in logical pixels.
struct BarRoom {
    float width = 0, height = 0, lineHeight = 0;
};

// The chart as a figure. Of bars thinner than a line the best alone have labels, where no longer bar is in
// the way.
Figure figureOf(const BarChart& chart, const Theme& theme, const BarRoom& room);

}  // namespace app
