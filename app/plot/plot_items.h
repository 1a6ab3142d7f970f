#pragma once

#include "app/plot/figure.h"

#include <glm/vec2.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace app {

// What remains of a figure besides its layers when it has a place on the screen: lines, texts and samples in
// logical pixels, y downwards. The painter and the SVG writer draw the same items.

// Width and height of one line of text.
using TextMeasure = std::function<glm::vec2(std::string_view)>;

struct LineItem {
    glm::vec2 from{}, to{};
    Colour colour = 0;
    float width = 1;
    Dash dash = Dash::Solid;
};

struct TextItem {
    glm::vec2 position{}, size{};  // upper left corner, as measured
    std::string text;
    Colour colour = 0;
    Colour background = 0;  // of the box, which is textPadding larger to every side; alpha 0 for none
};
inline constexpr float textPadding = 3;

inline Rect boundsOf(const TextItem& item) {
    return {item.position.x, item.position.y, item.position.x + item.size.x, item.position.y + item.size.y};
}
inline Rect grown(const Rect& rect, float by) {
    return {rect.left - by, rect.top - by, rect.right + by, rect.bottom + by};
}
inline bool doOverlap(const Rect& one, const Rect& other) {
    return one.left < other.right && other.left < one.right && one.top < other.bottom &&
           other.top < one.bottom;
}

// A sample of a layer and its name. A line runs along the middle of `sample`, a box fills it, a marker stands
// in its middle, and a heat map fills it with its colours from low to high.
struct LegendItem {
    enum class Kind { Line, Box, Marker, Gradient, TextOnly };
    Kind kind = Kind::Line;
    Rect sample;
    Colour colour = 0, edge = 0;  // edge: of a marker
    Dash dash = Dash::Solid;
    float width = 0;  // of a line
    MarkerShape shape = MarkerShape::Circle;
    float size = 0;  // of a marker
    bool isDiverging = false;
    TextItem text;
};

// The text where it is no wider than `width`, else its beginning and "…"; empty where not even that fits.
std::string fitted(const std::string& text, float width, const TextMeasure& measure);

}  // namespace app
