#pragma once

#include "app/plot/figure.h"
#include "app/plot/png_file.h"

#include <span>

namespace app {

// The colour of a heat map's value; transparent for NaN.
Colour colourOf(const HeatMap& map, float value);

// What the plot shows of a heat map, width x height pixels: each the mean of the cells whose middles it
// holds, else the cell at its own middle, transparent where there is none. cells [rows][columns], edges
// columns + 1. NaN cells do not count in a mean.
Picture heatMapPicture(const HeatMap& map, std::span<const float> cells, std::span<const float> edges,
                       const Axis& x, const Axis& y, uint32_t width, uint32_t height);

}  // namespace app
