#include "app/plot/bar_chart.h"

#include <algorithm>
#include <cmath>

namespace app {

namespace {

// Of a group's height to either side of its bars, and of a bar's to either side of itself.
constexpr double groupMargin = 0.09, barMargin = 0.07;

// As on a scale without zero, such as that of decibels: bars begin at zero, or at the axis' lower end.
double startOf(const Axis& x) {
    return std::clamp(0.0, x.low, x.high);
}

double middleOf(const BarChart& chart, const BarChart::Bar& bar) {
    const BarPlace place = barPlace(chart, bar.group, bar.series);
    return (place.bottom + place.top) / 2;
}

// Where labels have room.
struct Labels {
    Figure& figure;
    const BarChart& chart;
    const BarRoom& room;
    double pixelsOfUnit;  // along y

    double slot() const {
        return (1 - 2 * groupMargin) / static_cast<double>(chart.series.size()) * pixelsOfUnit;
    }

    // Of bars thinner than a line only the best, and those only where no longer bar runs through the label.
    bool hasRoom(const BarChart::Bar& bar, double middle) const {
        if (slot() >= room.lineHeight) return true;
        return bar.isBest && std::ranges::none_of(chart.bars, [&](const BarChart::Bar& other) {
                   const double apart = std::abs(middleOf(chart, other) - middle) * pixelsOfUnit;
                   return other.value > bar.value && apart < (slot() + room.lineHeight) / 2;
               });
    }

    // Beside the end of the bar, or behind the mark of a reference that lies there.
    double placeOf(const BarChart::Bar& bar) const {
        const double end = std::max(bar.value, startOf(chart.x)), reference = bar.reference.value_or(end);
        const double typicalWidth =
            0.5 * static_cast<double>(room.lineHeight) * static_cast<double>(bar.label.size() + 3);
        const double apart = (chart.x.unitOf(reference) - chart.x.unitOf(end)) * double{room.width};
        return apart > 0 && apart < typicalWidth ? reference : end;
    }

    void add(const BarChart::Bar& bar, double middle) {
        const double end = placeOf(bar);
        if (bar.label.empty() || end > chart.x.high || end < chart.x.low || !hasRoom(bar, middle)) return;
        const bool isMarked = bar.isBest || end != std::max(bar.value, startOf(chart.x)) ||
                              (bar.reference && *bar.reference <= bar.value);
        figure.annotations.push_back({.x = end,
                                      .y = middle,
                                      .alongX = 0,
                                      .alongY = 0.5f,
                                      .offsetX = isMarked ? 10.0f : 5.0f,
                                      .text = bar.label,
                                      .hasBackground = false});
    }
};

// Legends show layers alone, and boxes of many colours have none: empty markers stand for them.
void addLegend(Figure& figure, const BarChart& chart) {
    for (const BarChart::Series& series : chart.series) {
        figure.layers.emplace_back(
            Markers{.shape = MarkerShape::Square, .size = 10, .colour = series.colour, .name = series.name});
    }
}

void addOutline(Figure& figure, const BarPlace& place, double from, double to, Colour colour) {
    figure.layers.emplace_back(Path{.x = {from, to, to, from},
                                    .y = {place.bottom, place.bottom, place.top, place.top},
                                    .colour = colour,
                                    .width = 1,
                                    .isClosed = true});
}

bool hasSeveral(const std::vector<BarChart::Series>& series) {
    return std::ranges::count_if(series, [](const auto& one) { return !one.name.empty(); }) > 1;
}

}  // namespace

BarPlace barPlace(const BarChart& chart, size_t group, size_t series) {
    const double slot = (1 - 2 * groupMargin) / static_cast<double>(chart.series.size());
    const double top =
        static_cast<double>(chart.groups.size() - group) - groupMargin - slot * static_cast<double>(series);
    return {top - slot * (1 - barMargin), top - slot * barMargin};
}

std::optional<size_t> barAt(const BarChart& chart, double y) {
    const double margin = barMargin * (1 - 2 * groupMargin) / static_cast<double>(chart.series.size());
    for (size_t i = 0; i < chart.bars.size(); ++i) {
        const BarPlace place = barPlace(chart, chart.bars[i].group, chart.bars[i].series);
        if (y >= place.bottom - margin && y < place.top + margin) return i;
    }
    return std::nullopt;
}

Figure figureOf(const BarChart& chart, const Theme& theme, const BarRoom& room) {
    Figure figure{.title = chart.title, .x = chart.x};
    const auto groups = static_cast<double>(std::max<size_t>(chart.groups.size(), 1));
    figure.y = {.low = 0, .high = groups, .label = chart.groupLabel};
    figure.rowNames.assign(chart.groups.rbegin(), chart.groups.rend());
    figure.layers.emplace_back(Boxes{});  // below outlines and whatever marks the ends
    Boxes boxes;
    Labels labels{figure, chart, room, double{room.height} / groups};
    // Marks hardly reach into the bars beside theirs.
    const auto markSize = static_cast<float>(std::clamp(1.2 * labels.slot(), 5.0, 9.0));
    Markers best{
        .shape = MarkerShape::Diamond, .size = markSize, .colour = theme.text, .edge = theme.plotBackground};
    // Seen on bars of any colour.
    Markers reference{
        .shape = MarkerShape::Circle, .size = markSize, .colour = theme.plotBackground, .edge = theme.text};
    const double start = startOf(chart.x);
    if (hasSeveral(chart.series)) addLegend(figure, chart);
    bool hasPale = false;
    for (const BarChart::Bar& bar : chart.bars) {
        const BarPlace place = barPlace(chart, bar.group, bar.series);
        const double middle = middleOf(chart, bar);
        const Colour colour = chart.series[bar.series].colour;
        boxes.boxes.push_back({std::min(start, bar.value), std::max(start, bar.value), place.bottom,
                               place.top, bar.isPale ? withAlpha(colour, 90) : colour, bar.name});
        if (bar.isPale) addOutline(figure, place, start, bar.value, colour);
        hasPale |= bar.isPale;
        if (bar.isBest) {
            best.x.push_back(bar.value);
            best.y.push_back(middle);
        }
        if (bar.reference) {
            reference.x.push_back(*bar.reference);
            reference.y.push_back(middle);
        }
        labels.add(bar, middle);
    }
    std::get<Boxes>(figure.layers.front()) = std::move(boxes);
    if (hasPale) {
        figure.layers.emplace_back(Markers{.shape = MarkerShape::Square,
                                           .size = 10,
                                           .colour = withAlpha(theme.dimText, 90),
                                           .edge = theme.dimText,
                                           .name = chart.paleName});
    }
    if (!reference.x.empty()) {
        reference.name = chart.referenceName;
        figure.layers.emplace_back(std::move(reference));
    }
    if (!best.x.empty()) {
        best.name = chart.bestName;
        figure.layers.emplace_back(std::move(best));
    }
    return figure;
}

}  // namespace app
