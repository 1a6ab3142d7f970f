#pragma once

#include "app/plot/figure.h"
#include "engine/device.h"

#include <span>
#include <string>
#include <vector>

namespace app {

// What a figure shows between its bounds, as tables (RFC 4180, lines end with \n, numbers read back exactly):
// - curves: one row for each x, a column for each curve; where they do not share x in the device's memory, a
//   row for each point, which names its curve first. A point that is a gap or beyond the bounds is empty.
// - bars: low edge, high edge, count.
// - marks: name and place; paths and markers: name, x, y; boxes: name and edges.
// - heat map: a row for each row, a column for each column, headed by their low edges.
// Curves, marks, paths and markers without a name are left out.
std::vector<std::string> csvTablesOf(const Figure& figure, engine::Device& device);

// All tables of all figures, an empty line between two.
std::string csvOf(std::span<const Figure* const> figures, engine::Device& device);

}  // namespace app
