// Structs of the drawing shaders. Pixels run to the right and down from the image's corner.
#ifndef CLIPSCOPE_DRAW_H
#define CLIPSCOPE_DRAW_H

#include "shared_types.h"

#ifdef __cplusplus
    #include <glm/vec2.hpp>
    #include <glm/vec4.hpp>
SHADER_NAMESPACE_BEGIN
using glm::vec2;
using glm::vec4;
SHADER_NAMESPACE_END
#endif

SHADER_NAMESPACE_BEGIN

// How an axis spreads values (AxisScale of app/plot/axis.h).
SHADER_CONST uint axisLinear = 0;
SHADER_CONST uint axisLog = 1;
SHADER_CONST uint axisSymlog = 2;

// Value to pixel: start + (warp(value) - low) * pixelsPerUnit.
struct AxisMap {
    uint scale;
    float low;            // warped
    float linearWidth;    // of axisSymlog
    float start;          // pixel of low
    float pixelsPerUnit;  // negative along y
};

// A line between two points. dash: below; phase: pixels of the pattern before `from`.
struct Segment {
    vec2 from, to;
    uint colour;
    float width;
    uint dash;
    float phase;
};

SHADER_CONST uint shapeCircle = 0;
SHADER_CONST uint shapeSquare = 1;
SHADER_CONST uint shapeDiamond = 2;
SHADER_CONST uint shapeTriangle = 3;
SHADER_CONST uint shapeCross = 4;
SHADER_CONST uint shapeRing = 5;

struct Marker {
    vec2 centre;
    float size;
    uint shape, colour, edge;
};

struct FilledBox {
    vec4 rect;  // left, top, right, bottom
    uint colour;
};

#ifndef __cplusplus
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer ConstFloats {
    float at[];
};
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer ConstWords {
    uint at[];
};
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Segments {
    Segment at[];
};
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Markers {
    Marker at[];
};
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer FilledBoxes {
    FilledBox at[];
};
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Vertices3 {
    float at[];  // x, y, length of the line so far
};
#endif

// Points of a curve in pixels. With more than two points a column: the first, least, largest and last of each
// column.
SHADER_CONST uint polylineColumnPoints = 4;
struct PolylinePush {
    ADDRESS_OF(Floats) x;  // ascending
    ADDRESS_OF(Floats) y;
    ADDRESS_OF(Vertices3) points;  // of x, y and length; NaN: a gap
    AxisMap xMap, yMap;
    uint count;      // of x and y
    uint columns;    // of the plot, 0 where every point is kept
    float farthest;  // pixels: y is kept within it, so that lengths stay finite
};

struct LinePush {
    ADDRESS_OF(Vertices3) points;
    vec2 imageSize;
    uint count;
    uint colour;
    float width;
    uint dash;
    float dashScale;  // pixels of one logical pixel
};

struct SegmentPush {
    ADDRESS_OF(Segments) segments;
    vec2 imageSize;
    float dashScale;
};

struct MarkerPush {
    ADDRESS_OF(Markers) markers;
    vec2 imageSize;
};

struct BoxPush {
    ADDRESS_OF(FilledBoxes) boxes;
    vec2 imageSize;
};

struct BarPush {
    ADDRESS_OF(Floats) edges;
    ADDRESS_OF(Words) counts;  // [bin]: 64 bits, low half first
    ADDRESS_OF(Words) other;   // as counts, added; the same as counts where hasOther is 0
    AxisMap xMap, yMap;
    vec2 imageSize;
    float bottom;  // pixel of the lower edge of the plot
    uint hasOther;
    uint colour;
};

struct HeatPush {
    ADDRESS_OF(Floats) cells;  // [tile][row of the tile][column of the tile]
    ADDRESS_OF(Floats) edges;  // columns + 1, ascending, where hasEdges
    ADDRESS_OF(Words) ramp;    // 256 colours
    AxisMap xMap, yMap;
    vec2 imageSize;
    uint rows, columns;
    uint tileRows, tileColumns;
    uint isLog;
    float low, high;  // of the colours; isLog: base-2 logarithms
    uint hasEdges;
    uint notFinite;  // colour of pixels with cells that are not finite; 0: NaN shows nothing
    uint end;        // cells from there on show nothing
};

struct UiPush {
    ADDRESS_OF(Words) vertices;  // x, y, u, v as floats, colour
    ADDRESS_OF(Words) indices;   // 16 bits each
    ADDRESS_OF(Words) atlas;     // 8 bits of cover a texel, rows of atlasWidth (a multiple of 4)
    vec2 imageSize;
    vec2 origin;  // of the vertices, in the units of their positions
    vec2 scale;   // pixels a unit
    uint firstIndex;
    uint firstVertex;
    uint atlasWidth, atlasHeight;
};

SHADER_NAMESPACE_END

#endif
