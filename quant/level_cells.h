#pragma once

#include "quant/clipped_grid.h"

#include <cstdint>
#include <vector>

namespace quant {

// The levels of a grid in rising order and the floats that go to each, as the kernels quantize them.
struct LevelCells {
    std::vector<double> values;  // of the levels: step times element value
    // Order keys (orderKey) of the least floats of levels 1, 2, …; 0xffffffff where none goes that high.
    std::vector<uint32_t> thresholds;
    uint32_t zeroLevel = 0;  // of value 0; binary, which has none: 0

    // Throws std::invalid_argument for more than `most` levels.
    LevelCells(const ClippedGrid& grid, uint32_t most);

    float leastOf(uint32_t level) const;       // level: from 1; infinity where none goes that high
    float largestBelow(uint32_t level) const;  // the largest float of the levels below
};

// Rises with the float; NaN has none.
uint32_t orderKey(float x);
float fromOrderKey(uint32_t key);

}  // namespace quant
