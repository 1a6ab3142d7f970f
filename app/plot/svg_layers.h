#pragma once

#include "app/plot/figure.h"
#include "engine/device.h"

#include <string>

namespace app {

// A figure's layers as SVG, in order, for a plot at this place. They may reach beyond it: to be clipped.
std::string svgLayers(const Figure& figure, const Rect& plot, engine::Device& device);

}  // namespace app
