#pragma once

#include "app/plot/placed_figure.h"
#include "app/plot/plot_items.h"
#include "app/plot/theme.h"

#include <glm/vec2.hpp>

#include <span>
#include <vector>

namespace app {

// Where everything of a figure lies. To be drawn in this order: the frame filled with `background`, the plot
// filled with `plotBackground`, grid, the figure's layers clipped to the plot, axes, the legend's box and
// entries, texts, annotations. No two texts overlap, and none leaves the frame.
struct PlotLayout {
    Rect frame, plot;  // plot: between the axes, in whole pixels
    Colour background = 0, plotBackground = 0;
    std::vector<LineItem> grid;  // minor lines first
    std::vector<LineItem> axes;  // the plot's border and the marks of its ticks
    Rect legendBox;              // empty where the legend lies above the plot
    Colour legendBackground = 0;
    std::vector<LegendItem> legend;
    std::vector<TextItem> texts;  // title, labels of axes and ticks
    std::vector<TextItem> annotations;
};

// Lays a figure out. The label of the y axis stands above its upper end, as texts cannot be rotated. The
// legend has an entry for every name of a layer: beside the title or the y label where there is room, in rows
// of its own, or else in a corner of the plot. Where the frame is small, parts are left out: the legend, the
// x label, the title, the y label, the numbers. Annotations whose x is off the axis are left out, as are
// those for which no place is free; their y is moved into the plot.
// The plot keeps at least `margins` from the frame's left and right.
struct Margins {
    float left = 0, right = 0;
};
PlotLayout layOut(const Figure& figure, const Rect& frame, const Theme& theme, const TextMeasure& measure,
                  float lineHeight, const Margins& margins = {});

// Lays out all figures of a picture. Plots of figures one below the other (the same left and right of their
// frames) that show the same part of x stand below each other, too.
std::vector<PlotLayout> layOutAll(std::span<const PlacedFigure> figures, const Theme& theme,
                                  const TextMeasure& measure, float lineHeight);

// Where a point of the axes' units lies within the plot, and the way back. What a logarithmic axis cannot
// show lies infinitely far below.
glm::vec2 pixelOf(const Rect& plot, const Axis& x, const Axis& y, double xValue, double yValue);
glm::dvec2 valueAt(const Rect& plot, const Axis& x, const Axis& y, const glm::vec2& pixel);

}  // namespace app
