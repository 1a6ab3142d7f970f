#pragma once

#include "app/explorer/session.h"
#include "app/plot/frame_renderer.h"

#include <glm/vec2.hpp>

namespace app {

// What the pointer does over a plot in this frame.
struct PlotGestures {
    bool isHovered = false;
    glm::dvec2 value{};      // under the pointer, in the units of the axes
    glm::vec2 pixel{};       // of the pointer, logical
    bool isPressed = false;  // the left button went down here
    bool isDragged = false;  // and is still held
    bool isClicked = false;  // and let go where it went down
    bool isDoubleClicked = false;
    bool isContextAsked = false;  // a right click
    glm::vec2 panned{};           // lengths of the axes by which a drag of the middle or right button moved
    float zoom = 1;               // of the wheel: below 1 closer
};

// Makes the plot of a figure answer to the pointer. To be called once per figure and frame, in its window.
PlotGestures plotGestures(const char* id, const LaidOutFigure& figure, float scale);

// Pans and zooms an axis of the session by what the pointer did. unit: place of the pointer along the axis.
void moveAxis(AxisView& view, const Axis& axis, double panned, double zoom, double unit);

}  // namespace app
