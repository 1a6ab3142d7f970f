#include "app/plot/painter.h"

#include "app/plot/colour_map.h"

#include <glm/geometric.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace app {

namespace {

// A logarithmic axis puts what it cannot show far below itself; lines to there end beyond the image, but not
// so far that floats lose their pixels.
constexpr float farthestPixel = 100'000;

shaders::AxisMap axisMap(const Axis& axis, float start, float length) {
    const double low = axis.warp(axis.low), high = axis.warp(axis.high);
    if (axis.isReversed) {
        start += length;
        length = -length;
    }
    return {.scale = static_cast<uint32_t>(axis.scale),
            .low = static_cast<float>(low),
            .linearWidth = static_cast<float>(axis.linearWidth),
            .start = start,
            .pixelsPerUnit = static_cast<float>(length / (high - low))};
}

glm::vec2 kept(const glm::vec2& pixel) {
    const auto keep = [](float at) {
        return std::isnan(at) ? at : std::clamp(at, -farthestPixel, farthestPixel);
    };
    return {keep(pixel.x), keep(pixel.y)};
}

// Lines along an axis fall on whole pixels, so that they are as crisp as they can be.
void snap(shaders::Segment& line) {
    line.width = std::max(std::round(line.width), 1.0f);
    const float half = static_cast<int>(line.width) % 2 == 1 ? 0.5f : 0.0f;
    const auto toPixel = [&](float at) { return std::round(at - half) + half; };
    if (line.from.x == line.to.x) line.from.x = line.to.x = toPixel(line.from.x);
    if (line.from.y == line.to.y) line.from.y = line.to.y = toPixel(line.from.y);
}

bool isAlongAxis(const shaders::Segment& line) {
    return line.from.x == line.to.x || line.from.y == line.to.y;
}

}  // namespace

// Axes as the shaders take them, and the plot in pixels.
struct Painter::Place {
    const Figure& figure;
    Rect plot;
    shaders::AxisMap x, y;

    Place(const Figure& figure_, const Rect& logical, float scale)
        : figure(figure_),
          plot{logical.left * scale, logical.top * scale, logical.right * scale, logical.bottom * scale},
          x(axisMap(figure_.x, plot.left, plot.width())),
          y(axisMap(figure_.y, plot.bottom, -plot.height())) {}

    glm::vec2 at(double xValue, double yValue) const {
        return kept(pixelOf(plot, figure.x, figure.y, xValue, yValue));
    }
};

Painter::Painter(engine::Device& device, engine::Commands& commands, FrameArena& host, FrameArena& scratch,
                 const glm::vec2& imageSize, float scale)
    : m_device(device),
      m_commands(commands),
      m_host(host),
      m_scratch(scratch),
      m_imageSize(imageSize),
      m_scale(scale) {}

Painter::Drawing Painter::prepare(const Figure& figure, const PlotLayout& layout) {
    m_drawing.clear();
    const auto filled = [&](const Rect& rect, Colour colour) {
        return shaders::FilledBox{glm::vec4(rect.left, rect.top, rect.right, rect.bottom) * m_scale, colour};
    };
    clipTo(layout.frame);
    const std::array grounds = {filled(layout.frame, layout.background),
                                filled(layout.plot, layout.plotBackground)};
    drawBoxes(grounds);
    drawLines(layout.grid);
    const Place place(figure, layout.plot, m_scale);
    clipTo(layout.plot);
    for (const Layer& layer : figure.layers) std::visit([&](const auto& shown) { add(place, shown); }, layer);
    clipTo(layout.frame);
    drawLines(layout.axes);
    addLegend(layout);
    return std::move(m_drawing);
}

std::vector<engine::BufferRange> Painter::reads() const {
    return m_reads;
}

void Painter::add(const Place& place, const Curve& curve) {
    if (curve.x.count < 2) return;
    const auto columns = static_cast<uint32_t>(std::max(std::ceil(place.plot.width()), 1.0f));
    const bool isReduced = curve.x.count > shaders::polylineColumnPoints * columns;
    const uint32_t points = isReduced ? shaders::polylineColumnPoints * columns : curve.x.count;
    const engine::BufferRange polyline = m_scratch.allocate(uint64_t{12} * points);
    constexpr uint32_t lanes = 64;
    m_commands.dispatch(m_device.kernel("polyline", {.constants = {{1, lanes}}}), lanes,
                        shaders::PolylinePush{.x = curve.x.range.address(),
                                              .y = curve.y.range.address(),
                                              .points = polyline.address(),
                                              .xMap = place.x,
                                              .yMap = place.y,
                                              .count = curve.x.count,
                                              .columns = isReduced ? columns : 0,
                                              .farthest = farthestPixel},
                        {curve.x.range, curve.y.range}, {polyline});
    m_reads.push_back(polyline);
    const shaders::LinePush push{.points = polyline.address(),
                                 .imageSize = m_imageSize,
                                 .count = points,
                                 .colour = curve.colour,
                                 .width = curve.width * m_scale,
                                 .dash = static_cast<uint32_t>(curve.dash),
                                 .dashScale = m_scale};
    m_drawing.emplace_back([this_ = &m_device, push](engine::Commands& commands) {
        commands.drawQuads(this_->graphicsPipeline("line"), push.count - 1, push);
    });
}

void Painter::add(const Place& place, const Bars& bars) {
    if (bars.bins == 0) return;
    const bool hasOther = bars.other.buffer != nullptr;
    m_reads.insert(m_reads.end(), {bars.edges.range, bars.counts});
    if (hasOther) m_reads.push_back(bars.other);
    const shaders::BarPush push{.edges = bars.edges.range.address(),
                                .counts = bars.counts.address(),
                                .other = hasOther ? bars.other.address() : bars.counts.address(),
                                .xMap = place.x,
                                .yMap = place.y,
                                .imageSize = m_imageSize,
                                .bottom = place.plot.bottom,
                                .hasOther = hasOther,
                                .colour = bars.colour};
    m_drawing.emplace_back([device = &m_device, push, bins = bars.bins](engine::Commands& commands) {
        commands.drawQuads(device->graphicsPipeline("bar"), bins, push);
    });
}

void Painter::add(const Place& place, const Marks& marks) {
    std::vector<shaders::Segment> lines;
    const float low = place.plot.bottom - marks.from * place.plot.height();
    const float high = place.plot.bottom - marks.to * place.plot.height();
    float last = -std::numeric_limits<float>::infinity();
    for (const double at : marks.at) {
        const float x = place.at(at, 0).x;
        // Levels may be denser than pixels: one line a column is enough.
        if (!(x >= place.plot.left - 1 && x <= place.plot.right + 1) || std::abs(x - last) < 1) continue;
        last = x;
        shaders::Segment line{
            {x, low}, {x, high}, marks.colour, marks.width * m_scale, static_cast<uint32_t>(marks.dash), 0};
        if (marks.width <= 1) snap(line);
        lines.push_back(line);
    }
    drawSegments(lines);
}

void Painter::add(const Place& place, const Path& path) {
    std::vector<shaders::Segment> lines;
    const size_t points = std::min(path.x.size(), path.y.size());
    float length = 0;
    for (size_t i = 0; points > 1 && i < (path.isClosed ? points : points - 1); ++i) {
        const size_t next = (i + 1) % points;
        const glm::vec2 from = place.at(path.x[i], path.y[i]), to = place.at(path.x[next], path.y[next]);
        if (std::isnan(from.x + from.y + to.x + to.y)) continue;
        lines.push_back(
            {from, to, path.colour, path.width * m_scale, static_cast<uint32_t>(path.dash), length});
        length += glm::distance(from, to);
    }
    drawSegments(lines);
}

void Painter::add(const Place& place, const Markers& markers) {
    std::vector<shaders::Marker> shown;
    for (size_t i = 0; i < std::min(markers.x.size(), markers.y.size()); ++i) {
        const glm::vec2 centre = place.at(markers.x[i], markers.y[i]);
        if (std::isnan(centre.x + centre.y)) continue;
        shown.push_back({centre, markers.size * m_scale, static_cast<uint32_t>(markers.shape), markers.colour,
                         markers.edge});
    }
    drawMarkers(shown);
}

void Painter::add(const Place& place, const Boxes& boxes) {
    std::vector<shaders::FilledBox> shown;
    for (const Boxes::Box& box : boxes.boxes) {
        const glm::vec2 low = place.at(box.left, box.bottom), high = place.at(box.right, box.top);
        if (std::isnan(low.x + low.y + high.x + high.y)) continue;
        shown.push_back({{std::min(low.x, high.x), std::min(low.y, high.y), std::max(low.x, high.x),
                          std::max(low.y, high.y)},
                         box.colour});
    }
    drawBoxes(shown);
}

void Painter::add(const Place& place, const HeatMap& map) {
    if (map.rows == 0 || map.columns == 0) return;
    const bool isLog = map.scale == AxisScale::Log, hasEdges = map.edges.count > 0;
    const auto level = [&](float value) { return isLog ? std::log2(std::max(value, 1e-38f)) : value; };
    m_reads.push_back(map.cells.range);
    if (hasEdges) m_reads.push_back(map.edges.range);
    // In the map's own rows and columns.
    shaders::AxisMap xMap = place.x, yMap = place.y;
    if (!hasEdges) xMap.low = static_cast<float>(place.figure.x.warp(place.figure.x.low) - map.firstColumn);
    if (place.figure.y.scale == AxisScale::Linear) {
        yMap.low = static_cast<float>((place.figure.y.low - map.firstRow) / map.rowStep);
        yMap.pixelsPerUnit *= static_cast<float>(map.rowStep);
    }
    const shaders::HeatPush push{.cells = map.cells.range.address(),
                                 .edges = hasEdges ? map.edges.range.address() : map.cells.range.address(),
                                 .ramp = rampAddress(map.isDiverging),
                                 .xMap = xMap,
                                 .yMap = yMap,
                                 .imageSize = m_imageSize,
                                 .rows = map.rows,
                                 .columns = map.columns,
                                 .tileRows = map.tileRows,
                                 .tileColumns = map.tileColumns,
                                 .isLog = isLog,
                                 .low = level(map.low),
                                 .high = level(map.high),
                                 .hasEdges = hasEdges,
                                 .notFinite = map.notFinite,
                                 .end = map.end};
    m_drawing.emplace_back([device = &m_device, push](engine::Commands& commands) {
        commands.drawQuads(device->graphicsPipeline("heat"), 1, push);
    });
}

void Painter::addLegend(const PlotLayout& layout) {
    std::vector<shaders::FilledBox> boxes;
    const auto box = [&](const Rect& rect, Colour colour) {
        boxes.push_back({glm::vec4(rect.left, rect.top, rect.right, rect.bottom) * m_scale, colour});
    };
    std::vector<LineItem> lines;
    std::vector<shaders::Marker> markers;
    box(layout.legendBox, layout.legendBackground);
    for (const LegendItem& item : layout.legend) {
        const Rect& sample = item.sample;
        const glm::vec2 middle = 0.5f * glm::vec2(sample.left + sample.right, sample.top + sample.bottom);
        switch (item.kind) {
            case LegendItem::Kind::Line:
                lines.push_back(
                    {{sample.left, middle.y}, {sample.right, middle.y}, item.colour, item.width, item.dash});
                break;
            case LegendItem::Kind::Box:
                box(sample, item.colour);
                break;
            case LegendItem::Kind::Marker:
                markers.push_back({middle * m_scale, item.size * m_scale, static_cast<uint32_t>(item.shape),
                                   item.colour, item.edge});
                break;
            case LegendItem::Kind::Gradient: {
                constexpr int steps = 32;
                const ColourMap& map = item.isDiverging ? divergingMap() : sequentialMap();
                for (int i = 0; i < steps; ++i) {
                    const float left = std::lerp(sample.left, sample.right, static_cast<float>(i) / steps);
                    const float right =
                        std::lerp(sample.left, sample.right, static_cast<float>(i + 1) / steps);
                    box({left, sample.top, right, sample.bottom},
                        mapped(map, (static_cast<float>(i) + 0.5f) / steps));
                }
                break;
            }
            case LegendItem::Kind::TextOnly:
                break;
        }
    }
    drawBoxes(boxes);
    drawLines(lines);
    drawMarkers(markers);
}

void Painter::drawLines(std::span<const LineItem> lines) {
    std::vector<shaders::Segment> segments;
    for (const LineItem& line : lines) {
        shaders::Segment segment{line.from * m_scale,
                                 line.to * m_scale,
                                 line.colour,
                                 line.width * m_scale,
                                 static_cast<uint32_t>(line.dash),
                                 0};
        if (isAlongAxis(segment)) snap(segment);
        segments.push_back(segment);
    }
    drawSegments(segments);
}

void Painter::drawSegments(std::span<const shaders::Segment> segments) {
    if (segments.empty()) return;
    const shaders::SegmentPush push{m_host.upload(segments).address(), m_imageSize, m_scale};
    m_drawing.emplace_back([device = &m_device, push,
                            count = static_cast<uint32_t>(segments.size())](engine::Commands& commands) {
        commands.drawQuads(device->graphicsPipeline("segment"), count, push);
    });
}

void Painter::drawMarkers(std::span<const shaders::Marker> markers) {
    if (markers.empty()) return;
    const shaders::MarkerPush push{m_host.upload(markers).address(), m_imageSize};
    m_drawing.emplace_back([device = &m_device, push,
                            count = static_cast<uint32_t>(markers.size())](engine::Commands& commands) {
        commands.drawQuads(device->graphicsPipeline("marker"), count, push);
    });
}

void Painter::drawBoxes(std::span<const shaders::FilledBox> boxes) {
    if (boxes.empty()) return;
    const shaders::BoxPush push{m_host.upload(boxes).address(), m_imageSize};
    m_drawing.emplace_back(
        [device = &m_device, push, count = static_cast<uint32_t>(boxes.size())](engine::Commands& commands) {
            commands.drawQuads(device->graphicsPipeline("box"), count, push);
        });
}

void Painter::clipTo(const Rect& rect) {
    const auto pixel = [&](float at) { return static_cast<int32_t>(std::round(at * m_scale)); };
    const engine::PixelRect pixels{pixel(rect.left), pixel(rect.top), pixel(rect.right), pixel(rect.bottom)};
    m_drawing.emplace_back([pixels](engine::Commands& commands) { commands.clipTo(pixels); });
}

uint64_t Painter::rampAddress(bool isDiverging) {
    uint64_t& address = m_ramps[isDiverging];
    if (address == 0) {
        const ColourMap& map = isDiverging ? divergingMap() : sequentialMap();
        address = m_host.upload(std::span<const Colour>(map)).address();
    }
    return address;
}

}  // namespace app
