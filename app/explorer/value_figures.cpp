#include "app/explorer/value_figures.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace app {

namespace {

constexpr double fewestPixels = 4;

std::string word(ShownValues what) {
    switch (what) {
        case ShownValues::Original:
            return "original";
        case ShownValues::Quantized:
            return "quantized";
        case ShownValues::Difference:
            return "difference";
    }
    return "";
}

engine::BufferRange cellsOf(const ValueScene& scene) {
    switch (scene.session.values.what) {
        case ShownValues::Original:
            return scene.values.original();
        case ShownValues::Quantized:
            return scene.values.quantized();
        case ShownValues::Difference:
            break;
    }
    return scene.values.difference();
}

// The part of one direction that is visible: at least a few pixels, at most all, nothing beyond the ends.
void keepWithin(double& low, double& high, double extent) {
    const double length = std::clamp(high - low, std::min(fewestPixels, extent), extent);
    low = std::clamp((low + high - length) / 2, 0.0, extent - length);
    high = low + length;
}

void widen(double& low, double& high, double length, double extent) {
    length = std::min(std::max(length, high - low), extent);
    low = std::clamp((low + high - length) / 2, 0.0, extent - length);
    high = low + length;
}

// Of the image from the part's first row on, whose rows are whole.
uint64_t elementsFrom(const ValueImage& image, const ImagePart& part) {
    const uint64_t tiles = (image.tilesDown() - part.firstRow) * image.tilesAcross() - image.tilesAcross() +
                           image.tilesInLastRow();
    return std::min(tiles, part.rows * part.columns) * image.tileRows() * image.tileColumns();
}

// Where the last row of tiles is not full, the ground shows.
void coverEmpty(Figure& figure, const ValueScene& scene) {
    const ValueImage& image = scene.image;
    if (image.tilesInLastRow() == image.tilesAcross()) return;
    const double left = static_cast<double>(image.tilesInLastRow() * image.tileColumns()) - 0.5;
    const double bottom = static_cast<double>(image.rows()) - 0.5;
    const double top = bottom - static_cast<double>(image.tileRows() * scene.part.step);
    figure.layers.emplace_back(Boxes{{{left, static_cast<double>(image.columns()) - 0.5, bottom, top,
                                       scene.theme.plotBackground, "no elements"}}});
}

}  // namespace

double largestRounding(const quant::ClippedGrid& grid) {
    if (!(grid.clip > 0)) return 1;
    if (grid.format.isAffine) return grid.step() / 2.0;
    // Down from the clip to where rounding takes the next level.
    const double top = grid.quantize(grid.clip);
    double same = grid.clip, other = 0;
    for (int step = 0; step < 60; ++step) {
        const double middle = (same + other) / 2;
        (grid.quantize(middle) == top ? same : other) = middle;
    }
    return std::max(top - same, top * 0x1p-30);
}

ZoomRect visibleRect(const ValueImage& image, const std::optional<ZoomRect>& zoom) {
    const auto rows = static_cast<double>(image.rows()), columns = static_cast<double>(image.columns());
    ZoomRect rect = zoom.value_or(ZoomRect{0, 0, columns, rows});
    keepWithin(rect.left, rect.right, columns);
    keepWithin(rect.top, rect.bottom, rows);
    const double part = std::max((rect.right - rect.left) / columns, (rect.bottom - rect.top) / rows);
    widen(rect.left, rect.right, part * columns, columns);
    widen(rect.top, rect.bottom, part * rows, rows);
    return rect;
}

glm::dvec2 fittedPlot(const ValueImage& image, const glm::dvec2& room) {
    if (image.isStretched()) return room;
    const auto rows = static_cast<double>(image.rows()), columns = static_cast<double>(image.columns());
    const double size = std::min(room.x / columns, room.y / rows);
    // A legend above needs the width.
    constexpr double least = 260, longest = 3;
    const auto grown = [&](double length, double most) {
        return std::round(std::clamp(std::min(least, most), length, longest * length));
    };
    return {grown(columns * size, room.x), grown(rows * size, room.y)};
}

Figure valueFigure(const ValueScene& scene, const ZoomRect& visible) {
    const ValueImage& image = scene.image;
    Figure figure;
    figure.x = {.low = visible.left - 0.5, .high = visible.right - 0.5, .label = "column", .isWhole = true};
    figure.y = {.low = visible.top - 0.5,
                .high = visible.bottom - 0.5,
                .label = "row",
                .isReversed = true,
                .isWhole = true};
    const ShownValues what = scene.session.values.what;
    const bool isDifference = what == ShownValues::Difference;
    const double largest = isDifference ? largestRounding(scene.grid) : double{scene.absmax};
    const auto limit = static_cast<float>(largest > 0 ? std::min(largest, 0x1p126) : 1);
    const ImagePart& part = scene.part;
    const auto tileRows = static_cast<uint32_t>(image.tileRows()),
               tileColumns = static_cast<uint32_t>(image.tileColumns());
    const engine::BufferRange cells = cellsOf(scene);
    figure.layers.emplace_back(
        HeatMap{.cells = {cells, static_cast<uint32_t>(cells.sizeBytes / sizeof(float))},
                .rows = static_cast<uint32_t>(part.rows) * tileRows,
                .columns = static_cast<uint32_t>(part.columns) * tileColumns,
                .tileRows = tileRows,
                .tileColumns = tileColumns,
                .firstRow = static_cast<double>(part.firstRow * image.tileRows()) - 0.5,
                .firstColumn = static_cast<double>(part.firstColumn * image.tileColumns()) - 0.5,
                .rowStep = static_cast<double>(part.step),
                .scale = AxisScale::Linear,
                .low = -limit,
                .high = limit,
                .isDiverging = true,
                .notFinite = scene.theme.error,
                .name = word(what)});
    const bool isWhole = part.columns == image.tilesAcross() && part.step == 1;
    if (isWhole)
        std::get<HeatMap>(figure.layers.back()).end = static_cast<uint32_t>(elementsFrom(image, part));
    else
        coverEmpty(figure, scene);
    return figure;
}

}  // namespace app
