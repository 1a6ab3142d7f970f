#pragma once

#include "app/plot/figure.h"

#include <glm/vec2.hpp>

#include <span>
#include <vector>

namespace app {

// A place on the plot that is safe to draw: values that an axis cannot show lie at its lower end, and what is
// far beyond the plot is brought to 10000 pixels from it. NaN stays.
glm::vec2 drawablePoint(const Rect& plot, const Axis& x, const Axis& y, double xValue, double yValue);

// The lines of a curve in logical pixels, one for each run between gaps: the points within the plot's x
// range and one more at either side, and of each pixel column that holds more than four points the first, the
// least, the largest and the last. y may be shorter than x.
std::vector<std::vector<glm::vec2>> visibleRuns(const Figure& figure, const Rect& plot,
                                                std::span<const float> x, std::span<const float> y);

}  // namespace app
