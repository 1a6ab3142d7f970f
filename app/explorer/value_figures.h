#pragma once

#include "app/explorer/session.h"
#include "app/explorer/value_image.h"
#include "app/plot/figure.h"
#include "app/plot/theme.h"
#include "quant/clipped_grid.h"
#include "quant/value_grid.h"

#include <glm/vec2.hpp>

namespace app {

// What the value view draws.
struct ValueScene {
    const Session& session;
    const ValueImage& image;
    const ImagePart& part;  // what of it is on the device
    const quant::ValueGrid& values;
    quant::ClippedGrid grid;
    float absmax = 0;
    const Theme& theme;
};

// The visible part of the image, in its pixels: what the session asks for, kept to the image, and as much
// around it as gives it the image's own proportions.
ZoomRect visibleRect(const ValueImage& image, const std::optional<ZoomRect>& zoom);

// The size of the plot within so much room: with square pixels, but up to three times as long one way as the
// other where it would be slim; beyond 8 to 1 the image takes all the room.
glm::dvec2 fittedPlot(const ValueImage& image, const glm::dvec2& room);

// The image with the first row at the top, zero in the middle of the colours; NaN and infinities in the
// theme's colour of errors. Pixel n of a row or column spans n - 0.5 to n + 0.5.
Figure valueFigure(const ValueScene& scene, const ZoomRect& visible);

// The largest difference that rounding alone makes: half the widest gap between neighbouring levels. 1 where
// everything is quantized to zero.
double largestRounding(const quant::ClippedGrid& grid);

}  // namespace app
