#pragma once

#include "app/plot/colour.h"

#include <array>

namespace app {

using ColourMap = std::array<Colour, 256>;

// From dark blue over green to bright yellow; lightness rises evenly, so that it reads without seeing colours
// and prints in grey.
const ColourMap& sequentialMap();

// Blue below the middle, nearly white at it, orange above it; lightness falls evenly and alike to both sides.
const ColourMap& divergingMap();

// The entry for a place between 0 and 1, clamped; NaN gives a transparent colour.
Colour mapped(const ColourMap& map, float unit);

}  // namespace app
