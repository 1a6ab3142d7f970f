#pragma once

#include "app/plot/plot_items.h"
#include "app/plot/theme.h"

#include <vector>

namespace app {

// The figure's annotations at their points, inside the plot, and so far up or down from where they wish to be
// that they overlap neither each other nor the area `taken`. Earlier ones keep their places. Texts are at
// most 60% of the plot's width, and there are none in plots of less than four lines.
std::vector<TextItem> placeAnnotations(const Figure& figure, const Rect& plot, const Rect& taken,
                                       const Theme& theme, const TextMeasure& measure);

}  // namespace app
