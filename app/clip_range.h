#pragma once

#include <span>

namespace app {

// What the clips of a tensor's channels or groups span; all 0 when there are none.
struct ClipRange {
    double min = 0, max = 0, mean = 0;
};

ClipRange clipRange(std::span<const float> clips);

}  // namespace app
