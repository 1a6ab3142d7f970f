#include "app/plot/figure_svg.h"

#include "app/plot/colour_map.h"
#include "app/plot/plot_layout.h"
#include "app/plot/svg_layers.h"
#include "app/plot/svg_text.h"

#include <format>

namespace app {

namespace {

// Of the measured height, ascent and descent included.
constexpr double fontSize = 0.8, baseline = 0.78;

std::string drawn(const TextItem& item) {
    std::string text;
    if (item.background >> 24) text += svgRect(grown(boundsOf(item), textPadding), item.background);
    return text + std::format(
                      "<text x=\"{}\" y=\"{}\" font-size=\"{}\" textLength=\"{}\" "
                      "lengthAdjust=\"spacingAndGlyphs\"{}>{}</text>\n",
                      svgNumber(double(item.position.x)),
                      svgNumber(double(item.position.y) + baseline * double(item.size.y)),
                      svgNumber(fontSize * double(item.size.y)), svgNumber(double(item.size.x)),
                      svgFill(item.colour), xmlText(item.text));
}

std::string drawn(const LineItem& item) {
    return svgLine(item.from, item.to, item.colour, item.width, item.dash);
}

std::string drawn(const LegendItem& item) {
    const Rect& sample = item.sample;
    const glm::vec2 middle((sample.left + sample.right) / 2, (sample.top + sample.bottom) / 2);
    std::string text;
    switch (item.kind) {
        case LegendItem::Kind::Line:
            text = svgLine({sample.left, middle.y}, {sample.right, middle.y}, item.colour, item.width,
                           item.dash);
            break;
        case LegendItem::Kind::Box:
            text = svgRect(sample, item.colour);
            break;
        case LegendItem::Kind::Marker:
            text = svgMarker(item.shape, middle, item.size, item.colour, item.edge);
            break;
        case LegendItem::Kind::Gradient: {
            const std::string id = item.isDiverging ? "diverging" : "sequential";
            text = std::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"url(#{})\"/>\n",
                               svgNumber(double(sample.left)), svgNumber(double(sample.top)),
                               svgNumber(double(sample.width())), svgNumber(double(sample.height())), id);
            break;
        }
        case LegendItem::Kind::TextOnly:
            break;
    }
    return text + drawn(item.text);
}

template <class Item>
std::string drawn(const std::vector<Item>& items) {
    std::string text;
    for (const Item& item : items) text += drawn(item);
    return text;
}

// A colour map as a gradient from left to right.
std::string gradient(const std::string& id, const ColourMap& map) {
    constexpr size_t stops = 17;
    std::string text = "<linearGradient id=\"" + id + "\">";
    for (size_t i = 0; i < stops; ++i)
        text += std::format("<stop offset=\"{}\" stop-color=\"#{:06x}\"/>", double(i) / (stops - 1),
                            [&](Colour c) {
                                return (c & 255) << 16 | (c & 0xff00) | (c >> 16 & 255);
                            }(map[i * 255 / (stops - 1)]));
    return text + "</linearGradient>\n";
}

std::string drawn(const Figure& figure, const PlotLayout& layout, size_t index, engine::Device& device) {
    const std::string clip = std::format("plot{}", index);
    std::string text = svgRect(layout.frame, layout.background) + svgRect(layout.plot, layout.plotBackground);
    text +=
        std::format("<clipPath id=\"{}\">{}</clipPath>\n", clip, svgRect(layout.plot, layout.plotBackground));
    text += drawn(layout.grid);
    text += std::format("<g clip-path=\"url(#{})\">\n{}</g>\n", clip, svgLayers(figure, layout.plot, device));
    text += drawn(layout.axes);
    if (layout.legendBox.width() > 0) text += svgRect(layout.legendBox, layout.legendBackground);
    return text + drawn(layout.legend) + drawn(layout.texts) + drawn(layout.annotations);
}

}  // namespace

std::string svgOf(std::span<const PlacedFigure> figures, glm::vec2 size, const Theme& theme,
                  const TextMeasure& measure, engine::Device& device) {
    const std::string width = svgNumber(double(size.x)), height = svgNumber(double(size.y));
    std::string text = std::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
        "version=\"1.1\" "
        "width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\">\n",
        width, height);
    text += "<defs>\n" + gradient("sequential", sequentialMap()) + gradient("diverging", divergingMap()) +
            "</defs>\n";
    text += svgRect({0, 0, size.x, size.y}, theme.background);
    const std::vector<PlotLayout> layouts = layOutAll(figures, theme, measure, measure("0").y);
    for (size_t i = 0; i < figures.size(); ++i) text += drawn(figures[i].figure, layouts[i], i, device);
    return text + "</svg>\n";
}

}  // namespace app
