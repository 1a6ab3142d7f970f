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

// The visible part of the image, in its pixels: what the session asks for, kept to the image, and of the
// image as much around it as fits into a plot of that size with square pixels. Beyond 8 to 1 the image is
// stretched.
ZoomRect visibleRect(const ValueImage& image, const std::optional<ZoomRect>& zoom, const glm::dvec2& plot);

// The size of the plot in which its pixels are square, but up to three times as long one way as the other
// where the plot would be slim; all of it where the image is stretched.
glm::dvec2 fittedPlot(const ValueImage& image, const ZoomRect& visible, const glm::dvec2& plot);

// The image with the first row at the top, zero in the middle of the colours; NaN and infinities in the
// theme's colour of errors. Pixel n of a row or column spans n - 0.5 to n + 0.5.
Figure valueFigure(const ValueScene& scene, const ZoomRect& visible);

// The largest difference that rounding alone makes: half the widest gap between neighbouring levels. 1 where
// everything is quantized to zero.
double largestRounding(const quant::ClippedGrid& grid);

}  // namespace app
