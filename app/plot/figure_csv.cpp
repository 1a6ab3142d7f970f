#include "app/plot/figure_csv.h"

#include "app/analyze_csv.h"
#include "app/number_text.h"
#include "app/plot/figure_data.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace app {

namespace {

bool isSeen(const Axis& axis, double value) {
    return value >= axis.low && value <= axis.high;
}
// Of two floats that are the same number to people, the bound and the value, neither lies beyond the other.
bool isSeen(const Axis& axis, float value) {
    return value >= float(axis.low) && value <= float(axis.high);
}

// The shortest decimal that reads back as the same float; empty for a gap.
std::string number(float value) {
    if (!std::isfinite(value)) return "";
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

// Headings, where an axis has no label.
std::string heading(const Axis& axis, const char* name) {
    return csvField(axis.label.empty() ? name : axis.label);
}
std::string xHeading(const Figure& figure) {
    return heading(figure.x, "x");
}
std::string yHeading(const Figure& figure) {
    return heading(figure.y, "y");
}

template <class Kind>
std::vector<const Kind*> named(const Figure& figure) {
    std::vector<const Kind*> found;
    for (const Layer& layer : figure.layers)
        if (const auto* kind = std::get_if<Kind>(&layer); kind && !kind->name.empty()) found.push_back(kind);
    return found;
}

bool doShareX(const Curve& one, const Curve& other) {
    return one.x.range.buffer == other.x.range.buffer && one.x.range.offset == other.x.range.offset &&
           one.x.count == other.x.count;
}

std::string wideTable(const Figure& figure, const std::vector<const Curve*>& curves, engine::Device& device) {
    const std::vector<float> x = fetch(device, curves[0]->x);
    std::vector<std::vector<float>> columns;
    std::string text = xHeading(figure);
    for (const Curve* curve : curves) {
        text += "," + csvField(curve->name);
        columns.push_back(fetch(device, curve->y));
        columns.back().resize(x.size(), NAN);
    }
    text += "\n";
    for (size_t i = 0; i < x.size(); ++i) {
        if (!isSeen(figure.x, x[i])) continue;
        text += number(x[i]);
        for (const std::vector<float>& y : columns)
            text += "," + (isSeen(figure.y, y[i]) ? number(y[i]) : "");
        text += "\n";
    }
    return text;
}

std::string longTable(const Figure& figure, const std::vector<const Curve*>& curves, engine::Device& device) {
    std::string text = "curve," + xHeading(figure) + "," + yHeading(figure) + "\n";
    for (const Curve* curve : curves) {
        const std::vector<float> x = fetch(device, curve->x), y = fetch(device, curve->y);
        for (size_t i = 0; i < std::min(x.size(), y.size()); ++i)
            if (isSeen(figure.x, x[i]))
                text += csvField(curve->name) + "," + number(x[i]) + "," +
                        (isSeen(figure.y, y[i]) ? number(y[i]) : "") + "\n";
    }
    return text;
}

std::string tableOf(const Figure& figure, const Bars& bars, engine::Device& device) {
    const std::vector<float> edges = fetch(device, bars.edges);
    const std::vector<uint64_t> counts = fetchCounts(device, bars);
    std::string text = "from,to," + csvField(bars.name.empty() ? "count" : bars.name) + "\n";
    for (size_t bin = 0; bin < counts.size() && bin + 1 < edges.size(); ++bin)
        if (edges[bin] <= figure.x.high && edges[bin + 1] >= figure.x.low)
            text +=
                number(edges[bin]) + "," + number(edges[bin + 1]) + "," + std::to_string(counts[bin]) + "\n";
    return text;
}

std::string tableOf(const Figure& figure, const Boxes& boxes) {
    std::string text = "name,left,right,bottom,top\n";
    for (const Boxes::Box& box : boxes.boxes) {
        if (box.right < figure.x.low || box.left > figure.x.high) continue;
        if (box.top < figure.y.low || box.bottom > figure.y.high) continue;
        text += csvField(box.name);
        for (const double edge : {box.left, box.right, box.bottom, box.top}) text += "," + exact(edge);
        text += "\n";
    }
    return text;
}

std::string tableOf(const Figure& figure, const HeatMap& map, engine::Device& device) {
    const std::vector<float> cells = fetch(device, map.cells), edges = fetchEdges(device, map);
    if (cells.size() < size_t{map.rows} * map.columns)
        throw std::logic_error("a heat map has fewer cells than rows and columns");
    std::vector<uint32_t> columns;
    std::string text = csvField(map.name.empty() ? "row" : map.name);
    for (uint32_t column = 0; column < map.columns; ++column) {
        if (edges[column + 1] < figure.x.low || edges[column] > figure.x.high) continue;
        columns.push_back(column);
        text += "," + number(edges[column]);
    }
    text += "\n";
    for (uint32_t row = 0; row < map.rows; ++row) {
        if (map.rowEdge(row + 1.0) < figure.y.low || map.rowEdge(row) > figure.y.high) continue;
        text += row < figure.rowNames.size() ? csvField(figure.rowNames[row]) : exact(map.rowEdge(row));
        for (const uint32_t column : columns) text += "," + number(cells[map.index(row, column)]);
        text += "\n";
    }
    return text;
}

std::string marksTable(const Figure& figure) {
    std::string text;
    for (const Marks* marks : named<Marks>(figure))
        for (const double at : marks->at)
            if (isSeen(figure.x, at)) text += csvField(marks->name) + "," + exact(at) + "\n";
    return text.empty() ? "" : "name," + xHeading(figure) + "\n" + text;
}

// Paths and markers alike.
std::string pointsTable(const Figure& figure) {
    std::string text;
    const auto add = [&](const auto& layer) {
        for (size_t i = 0; i < std::min(layer.x.size(), layer.y.size()); ++i)
            if (isSeen(figure.x, layer.x[i]) && isSeen(figure.y, layer.y[i]))
                text += csvField(layer.name) + "," + exact(layer.x[i]) + "," + exact(layer.y[i]) + "\n";
    };
    for (const Path* path : named<Path>(figure)) add(*path);
    for (const Markers* markers : named<Markers>(figure)) add(*markers);
    return text.empty() ? "" : "name," + xHeading(figure) + "," + yHeading(figure) + "\n" + text;
}

}  // namespace

std::vector<std::string> csvTablesOf(const Figure& figure, engine::Device& device) {
    std::vector<std::string> tables;
    if (const auto curves = named<Curve>(figure); !curves.empty()) {
        const bool isShared =
            std::ranges::all_of(curves, [&](const Curve* curve) { return doShareX(*curves[0], *curve); });
        tables.push_back((isShared ? wideTable : longTable)(figure, curves, device));
    }
    for (const Layer& layer : figure.layers) {
        if (const auto* bars = std::get_if<Bars>(&layer)) tables.push_back(tableOf(figure, *bars, device));
        if (const auto* boxes = std::get_if<Boxes>(&layer)) tables.push_back(tableOf(figure, *boxes));
        if (const auto* map = std::get_if<HeatMap>(&layer)) tables.push_back(tableOf(figure, *map, device));
    }
    for (std::string table : {marksTable(figure), pointsTable(figure)})
        if (!table.empty()) tables.push_back(std::move(table));
    return tables;
}

std::string csvOf(std::span<const Figure* const> figures, engine::Device& device) {
    std::string text;
    for (const Figure* figure : figures)
        for (const std::string& table : csvTablesOf(*figure, device))
            text += (text.empty() ? "" : "\n") + table;
    return text;
}

}  // namespace app
