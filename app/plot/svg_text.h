#pragma once

#include "app/plot/figure.h"

#include <glm/vec2.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace app {

// Parts of SVG 1.1 documents.

// A coordinate, to a hundredth of a pixel.
std::string svgNumber(double value);
std::string svgPoint(const glm::vec2& point);  // "12.5 3"

// Any text as the content of an element or attribute: &, <, > and quotes as entities, control characters and
// what is not UTF-8 as escapes.
std::string xmlText(std::string_view text);

// ` fill="#rrggbb" fill-opacity="0.5"`, likewise with stroke and its width and dashes.
std::string svgFill(Colour colour);
std::string svgStroke(Colour colour, float width, Dash dash = Dash::Solid);

std::string svgRect(const Rect& rect, Colour fill);
std::string svgLine(const glm::vec2& from, const glm::vec2& to, Colour colour, float width, Dash dash);

// A polyline as the data of a path: "M0 0L1 1".
std::string svgPath(std::span<const glm::vec2> points, bool isClosed = false);

// A sign around a place, `size` across.
std::string svgMarker(MarkerShape shape, const glm::vec2& at, float size, Colour colour, Colour edge);

std::string base64(std::span<const std::byte> bytes);

}  // namespace app
