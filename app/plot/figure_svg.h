#pragma once

#include "app/plot/placed_figure.h"
#include "app/plot/plot_items.h"
#include "app/plot/theme.h"
#include "engine/device.h"

#include <glm/vec2.hpp>

#include <span>
#include <string>

namespace app {

// Figures as an SVG 1.1 document of this size in logical pixels: what the picture shows, laid out with the
// same measure of text, as lines and texts. Texts are set in whatever sans-serif the viewer has and
// stretched to the measured width. Curves are thinned to what a pixel column shows, heat maps of more
// than 2048 cells to one colour for each pixel. Waits for all work submitted so far.
std::string svgOf(std::span<const PlacedFigure> figures, glm::vec2 size, const Theme& theme,
                  const TextMeasure& measure, engine::Device& device);

}  // namespace app
