#pragma once

#include <cstdint>

namespace app {

// Eight bits each of red (lowest), green, blue and alpha, not premultiplied: as Dear ImGui packs them.
using Colour = uint32_t;

constexpr Colour colour(uint32_t rgb, uint32_t alpha = 255) {
    return (rgb >> 16 & 255) | (rgb & 0xff00) | (rgb & 255) << 16 | alpha << 24;
}
constexpr Colour withAlpha(Colour colour, uint32_t alpha) {
    return (colour & 0xffffff) | alpha << 24;
}

}  // namespace app
