#include "app/plot/svg_layers.h"

#include "app/plot/curve_points.h"
#include "app/plot/figure_data.h"
#include "app/plot/heat_map_picture.h"
#include "app/plot/plot_layout.h"
#include "app/plot/svg_text.h"

#include <algorithm>
#include <cmath>
#include <format>
#include <map>

namespace app {

namespace {

// What all layers are drawn with.
struct Sheet {
    const Figure& figure;
    const Rect& plot;
    engine::Device& device;

    glm::vec2 at(double x, double y) const { return drawablePoint(plot, figure.x, figure.y, x, y); }
    bool isInX(float pixel) const { return pixel >= plot.left - 1 && pixel <= plot.right + 1; }
};

std::string stroked(const std::string& data, Colour colour, float width, Dash dash) {
    if (data.empty()) return "";
    return std::format("<path fill=\"none\" stroke-linejoin=\"round\" d=\"{}\"{}/>\n", data,
                       svgStroke(colour, width, dash));
}

std::string drawn(const Curve& curve, const Sheet& sheet) {
    const std::vector<float> x = fetch(sheet.device, curve.x), y = fetch(sheet.device, curve.y);
    std::string data;
    for (const auto& run : visibleRuns(sheet.figure, sheet.plot, x, y)) {
        data += svgPath(run);
        if (run.size() == 1) data += "h0.01";  // a lone point would have no stroke
    }
    return stroked(data, curve.colour, curve.width, curve.dash);
}

std::string drawn(const Bars& bars, const Sheet& sheet) {
    const std::vector<float> edges = fetch(sheet.device, bars.edges);
    const std::vector<uint64_t> counts = fetchCounts(sheet.device, bars);
    const float base = sheet.at(0, 0).y;
    std::string data;
    const auto add = [&](float left, float right, float top) {
        data += std::format("M{} {}V{}H{}V{}Z", svgNumber(double(left)), svgNumber(double(base)),
                            svgNumber(double(top)), svgNumber(double(right)), svgNumber(double(base)));
    };
    std::map<int, float> thin;  // the highest top of each pixel column
    for (size_t bin = 0; bin < counts.size() && bin + 1 < edges.size(); ++bin) {
        if (counts[bin] == 0) continue;
        const float left = sheet.at(edges[bin], 0).x, right = sheet.at(edges[bin + 1], 0).x;
        if (!(right >= sheet.plot.left && left <= sheet.plot.right)) continue;
        const float top = sheet.at(0, double(counts[bin])).y;
        if (right - left >= 1) {
            add(left, right, top);
        } else {
            const auto [column, isNew] = thin.try_emplace(int(std::floor((left + right) / 2)), top);
            if (!isNew) column->second = std::min(column->second, top);
        }
    }
    for (const auto& [column, top] : thin) add(float(column), float(column + 1), top);
    return data.empty() ? "" : std::format("<path d=\"{}\"{}/>\n", data, svgFill(bars.colour));
}

std::string drawn(const Marks& marks, const Sheet& sheet) {
    const float from = std::lerp(sheet.plot.bottom, sheet.plot.top, marks.from);
    const float to = std::lerp(sheet.plot.bottom, sheet.plot.top, marks.to);
    std::string data;
    float before = -1e9f;
    for (const double value : marks.at) {
        const float x = sheet.at(value, 0).x;
        // Levels of 16 bits are far denser than pixels: more than two lines in one cannot be seen.
        if (!sheet.isInX(x) || std::abs(x - before) < 0.5f) continue;
        data += std::format("M{}V{}", svgPoint({x, from}), svgNumber(double(to)));
        before = x;
    }
    return stroked(data, marks.colour, marks.width, marks.dash);
}

std::string drawn(const Path& path, const Sheet& sheet) {
    std::string data;
    std::vector<glm::vec2> run;
    bool hasGap = false;
    for (size_t i = 0; i < std::min(path.x.size(), path.y.size()); ++i) {
        const glm::vec2 point = sheet.at(path.x[i], path.y[i]);
        if (std::isnan(point.x) || std::isnan(point.y)) {
            data += svgPath(run);
            run.clear();
            hasGap = true;
        } else {
            run.push_back(point);
        }
    }
    data += svgPath(run, path.isClosed && !hasGap);
    return stroked(data, path.colour, path.width, path.dash);
}

std::string drawn(const Markers& markers, const Sheet& sheet) {
    std::string text;
    const Rect seen = grown(sheet.plot, markers.size);
    for (size_t i = 0; i < std::min(markers.x.size(), markers.y.size()); ++i) {
        const glm::vec2 at = sheet.at(markers.x[i], markers.y[i]);
        if (at.x >= seen.left && at.x <= seen.right && at.y >= seen.top && at.y <= seen.bottom)
            text += svgMarker(markers.shape, at, markers.size, markers.colour, markers.edge);
    }
    return text;
}

std::string drawnBox(const Sheet& sheet, double left, double right, double bottom, double top,
                     Colour colour) {
    const glm::vec2 lower = sheet.at(left, bottom), upper = sheet.at(right, top);
    // Axes may be reversed.
    const Rect rect{std::min(lower.x, upper.x), std::min(lower.y, upper.y), std::max(lower.x, upper.x),
                    std::max(lower.y, upper.y)};
    return doOverlap(rect, sheet.plot) && colour >> 24 ? svgRect(rect, colour) : "";
}

std::string drawn(const Boxes& boxes, const Sheet& sheet) {
    std::string text;
    for (const Boxes::Box& box : boxes.boxes)
        text += drawnBox(sheet, box.left, box.right, box.bottom, box.top, box.colour);
    return text;
}

Colour cellColour(const HeatMap& map, std::span<const float> cells, uint32_t row, uint32_t column) {
    const uint64_t index = map.index(row, column);
    return index < map.end ? colourOf(map, cells[index]) : 0;
}

// Few cells as rectangles, which stay sharp; many as a picture of a pixel for each pixel.
std::string drawn(const HeatMap& map, const Sheet& sheet) {
    constexpr size_t mostRects = 2048;
    constexpr float mostPixels = 4096;
    const std::vector<float> cells = fetch(sheet.device, map.cells), edges = fetchEdges(sheet.device, map);
    if (cells.size() < size_t{map.rows} * map.columns)
        throw std::logic_error("a heat map has fewer cells than rows and columns");
    std::string text;
    if (cells.size() <= mostRects) {
        for (uint32_t row = 0; row < map.rows; ++row)
            for (uint32_t column = 0; column < map.columns; ++column)
                text += drawnBox(sheet, edges[column], edges[column + 1], map.rowEdge(row),
                                 map.rowEdge(row + 1.0), cellColour(map, cells, row, column));
        return "<g shape-rendering=\"crispEdges\">\n" + text + "</g>\n";
    }
    const auto width = uint32_t(std::clamp(sheet.plot.width(), 1.0f, mostPixels));
    const auto height = uint32_t(std::clamp(sheet.plot.height(), 1.0f, mostPixels));
    const Picture picture = heatMapPicture(map, cells, edges, sheet.figure.x, sheet.figure.y, width, height);
    return std::format(
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" "
        "xlink:href=\"data:image/png;base64,{}\"/>\n",
        svgNumber(double(sheet.plot.left)), svgNumber(double(sheet.plot.top)),
        svgNumber(double(sheet.plot.width())), svgNumber(double(sheet.plot.height())),
        base64(pngOf(picture.pixels, width, height)));
}

}  // namespace

std::string svgLayers(const Figure& figure, const Rect& plot, engine::Device& device) {
    const Sheet sheet{figure, plot, device};
    std::string text;
    for (const Layer& layer : figure.layers)
        text += std::visit([&](const auto& kind) { return drawn(kind, sheet); }, layer);
    return text;
}

}  // namespace app
