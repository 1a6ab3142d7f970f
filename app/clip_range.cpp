#include "app/clip_range.h"

#include <algorithm>

namespace app {

ClipRange clipRange(std::span<const float> clips) {
    if (clips.empty()) return {};
    const auto [min, max] = std::ranges::minmax(clips);
    double sum = 0;
    for (const float clip : clips) sum += double{clip};
    return {double{min}, double{max}, sum / static_cast<double>(clips.size())};
}

}  // namespace app
