#pragma once

#include "app/plot/axis.h"
#include "app/plot/colour.h"
#include "engine/buffer.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace app {

// What a plot shows, as plain data: the painter draws it on the device, and the SVG and CSV writers read the
// same description. Bulk stays in the device's buffers that kernels wrote; lengths are in logical pixels,
// which the display's scale multiplies.

// Floats on the device.
struct DeviceFloats {
    engine::BufferRange range;
    uint32_t count = 0;
};

// Dashes tell curves apart where colours cannot.
enum class Dash : uint32_t { Solid, Dashed, Dotted, DashDot, LongDash };

// A line through points of rising x. A NaN leaves a gap. Where points are denser than pixel columns, the
// least and the largest of each column are joined, so that no spike is lost.
struct Curve {
    DeviceFloats x, y;
    Colour colour = 0;
    Dash dash = Dash::Solid;
    float width = 2;
    std::string name;  // in legend and exports; empty: in neither
};

// Counts as bars over zero. Bin b lies between edges[b] and edges[b + 1] and holds the 64-bit counts (low
// word first) at words counts + 2·b of the range, and of `other` where there is one, added. Bars thinner than
// a pixel take a whole column, so that the tallest of a column is seen.
struct Bars {
    DeviceFloats edges;  // bins + 1
    engine::BufferRange counts, other;
    uint32_t bins = 0;
    Colour colour = 0;
    std::string name;
};

// Lines across the plot at places along x: quantization levels, clips.
struct Marks {
    std::vector<double> at;
    float from = 0, to = 1;  // of the plot's height, from its lower edge
    Colour colour = 0;
    Dash dash = Dash::Solid;
    float width = 1;
    std::string name;
};

// A line through a few points, in order, as Newton's steps.
struct Path {
    std::vector<double> x, y;
    Colour colour = 0;
    Dash dash = Dash::Solid;
    float width = 1.5f;
    bool isClosed = false;
    std::string name;
};

enum class MarkerShape : uint32_t { Circle, Square, Diamond, Triangle, Cross, Ring };

struct Markers {
    std::vector<double> x, y;
    MarkerShape shape = MarkerShape::Circle;
    float size = 8;  // across
    Colour colour = 0, edge = 0;
    std::string name;
};

// Filled rectangles in the units of the axes.
struct Boxes {
    struct Box {
        double left, right, bottom, top;
        Colour colour;
        std::string name;  // in exports
    };
    std::vector<Box> boxes;
};

// Cells of rows and columns in colours, linearly or logarithmically between low and high. Row r spans y from
// firstRow + r * rowStep to as much further; column c spans x from edges[c] to edges[c + 1], or from
// firstColumn + c on where there are no edges. Cells smaller than a pixel show the pixel's mean. Rows and
// columns are those of tiles side by side, whose cells follow each other: [rows / tileRows][columns /
// tileColumns][tileRows][tileColumns].
struct HeatMap {
    DeviceFloats cells, edges;
    uint32_t rows = 0, columns = 0;
    uint32_t tileRows = 1, tileColumns = 1;
    uint32_t end = UINT32_MAX;  // cells from there on show nothing, whatever they hold
    double firstRow = 0, firstColumn = 0, rowStep = 1;  // on linear axes
    AxisScale scale = AxisScale::Log;                   // Linear or Log
    float low = 0, high = 1;
    bool isDiverging = false;  // colours to either side of the middle, else dark to bright
    // Of pixels with a cell that is infinite or no number. Without it such cells are the end of the scale and
    // nothing at all.
    Colour notFinite = 0;
    std::string name;

    uint64_t index(uint32_t row, uint32_t column) const {
        const uint64_t tile = uint64_t{row / tileRows} * (columns / tileColumns) + column / tileColumns;
        return (tile * tileRows + row % tileRows) * tileColumns + column % tileColumns;
    }
    double rowEdge(double row) const { return firstRow + row * rowStep; }
};

using Layer = std::variant<Curve, Bars, Marks, Path, Markers, Boxes, HeatMap>;

// A word beside a point of the plot, pushed inwards where it would leave it.
struct Annotation {
    double x = 0, y = 0;             // in the units of the axes
    float alongX = 0, alongY = 0;    // which point of the text lies there: 0 left or top, 1 right or bottom
    float offsetX = 0, offsetY = 0;  // logical pixels, to the right and down
    std::string text;
    Colour colour = 0;
    bool hasBackground = true;
};

// A rectangle in logical pixels, y downwards.
struct Rect {
    float left = 0, top = 0, right = 0, bottom = 0;
    float width() const { return right - left; }
    float height() const { return bottom - top; }
    bool operator==(const Rect&) const = default;
};

// One pair of axes and what is drawn between them, in order.
struct Figure {
    std::string title;
    Axis x, y;
    bool hasXLabels = true;  // false where the figure below has them
    bool isLegendShown = true;
    std::vector<std::string> rowNames;  // instead of numbers along y, centred on r + 0.5, where not empty
    std::vector<Layer> layers;
    std::vector<Annotation> annotations;
};

}  // namespace app
