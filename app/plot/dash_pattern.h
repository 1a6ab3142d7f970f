#pragma once

#include "app/plot/figure.h"

#include <span>

namespace app {

// Lengths of strokes and gaps in turn, in logical pixels, from the line's beginning; none for a solid line.
std::span<const float> dashPattern(Dash dash);

}  // namespace app
