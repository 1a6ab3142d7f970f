#include "app/plot/heat_map_picture.h"

#include "app/plot/colour_map.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace app {

namespace {

struct Cells {
    size_t begin = 0, end = 0;
};

// For each of `pixels` parts of the axis, the cells to take the mean of.
std::vector<Cells> cellsOf(const Axis& axis, uint32_t pixels, size_t count,
                           const std::function<double(size_t)>& edge) {
    std::vector<Cells> cells(pixels);
    const auto middle = [&](size_t cell) { return (edge(cell) + edge(cell + 1)) / 2; };
    size_t next = 0;
    for (uint32_t pixel = 0; pixel < pixels; ++pixel) {
        const double from = axis.valueAt(double(pixel) / pixels), at = axis.valueAt((pixel + 0.5) / pixels);
        const double to = axis.valueAt((pixel + 1.0) / pixels);
        while (next < count && middle(next) < from) ++next;
        cells[pixel].begin = cells[pixel].end = next;
        while (cells[pixel].end < count && middle(cells[pixel].end) < to) ++cells[pixel].end;
        if (cells[pixel].begin < cells[pixel].end) continue;
        // No middle within: the cell around is the next or the one before.
        for (const size_t cell : {next, next - 1})
            if (cell < count && edge(cell) <= at && at < edge(cell + 1)) cells[pixel] = {cell, cell + 1};
    }
    return cells;
}

Colour meanColour(const HeatMap& map, std::span<const float> cells, const Cells& rows, const Cells& columns) {
    double sum = 0;
    size_t count = 0;
    for (size_t row = rows.begin; row < rows.end; ++row)
        for (size_t column = columns.begin; column < columns.end; ++column) {
            const uint64_t index = map.index(uint32_t(row), uint32_t(column));
            if (index >= map.end) continue;
            const float cell = cells[index];
            if (map.notFinite != 0 && !std::isfinite(cell)) return map.notFinite;
            if (std::isnan(cell)) continue;
            sum += double(cell);
            ++count;
        }
    return count > 0 ? colourOf(map, float(sum / double(count))) : 0;
}

}  // namespace

Colour colourOf(const HeatMap& map, float value) {
    const ColourMap& colours = map.isDiverging ? divergingMap() : sequentialMap();
    if (map.notFinite != 0 && !std::isfinite(value)) return map.notFinite;
    if (std::isnan(value)) return 0;
    if (map.scale != AxisScale::Log) return mapped(colours, (value - map.low) / (map.high - map.low));
    if (value <= 0) return colours[0];
    return mapped(colours, std::log2(value / map.low) / std::log2(map.high / map.low));
}

Picture heatMapPicture(const HeatMap& map, std::span<const float> cells, std::span<const float> edges,
                       const Axis& x, const Axis& y, uint32_t width, uint32_t height) {
    Picture picture{width, height, std::vector<std::byte>(size_t{4} * width * height)};
    const auto columns = cellsOf(x, width, map.columns, [&](size_t i) { return double(edges[i]); });
    Axis upwards = y;
    upwards.isReversed = false;
    const auto rows = cellsOf(upwards, height, map.rows, [&](size_t i) { return map.rowEdge(double(i)); });
    for (uint32_t row = 0; row < height; ++row)
        for (uint32_t column = 0; column < width; ++column) {
            const Colour colour =
                meanColour(map, cells, rows[y.isReversed ? row : height - 1 - row], columns[column]);
            std::byte* pixel = picture.pixels.data() + 4 * (size_t{row} * width + column);
            for (int i = 0; i < 4; ++i) pixel[i] = std::byte(colour >> 8 * i & 255);
        }
    return picture;
}

}  // namespace app
