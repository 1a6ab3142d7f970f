#pragma once

#include "app/plot/axis.h"

#include <functional>
#include <string>
#include <vector>

namespace app {

// Ticks of an axis that is `length` pixels long, so few labelled that their labels, of which `extent` gives
// the pixels along the axis, keep `gap` pixels between them. Minor ticks keep 4 pixels.
std::vector<Tick> ticksWithin(const Axis& axis, float length, float typicalSpacing, float gap,
                              const std::function<float(const std::string&)>& extent);

// Names of rows as ticks at r + 0.5, every n-th so that they are at least `spacing` pixels apart.
std::vector<Tick> rowTicks(const Axis& axis, const std::vector<std::string>& names, float length,
                           float spacing);

}  // namespace app
