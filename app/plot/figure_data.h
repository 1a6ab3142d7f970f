#pragma once

#include "app/plot/figure.h"
#include "engine/device.h"

#include <cstdint>
#include <vector>

namespace app {

// A figure's bulk, read back for exports. Waits for all work submitted so far. Throws std::logic_error where
// a range is shorter than its count says.
std::vector<float> fetch(engine::Device& device, const DeviceFloats& floats);

// The counts of the bins, those of `other` added.
std::vector<uint64_t> fetchCounts(engine::Device& device, const Bars& bars);

// Low and high edges of a heat map's columns: edges[c] and edges[c + 1], columns + 1 of them.
std::vector<float> fetchEdges(engine::Device& device, const HeatMap& map);

}  // namespace app
