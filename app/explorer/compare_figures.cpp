#include "app/explorer/compare_figures.h"

#include "app/plot/value_text.h"

#include <algorithm>
#include <cmath>
#include <format>
#include <utility>

namespace app {

namespace {

using quant::ComparisonCell;

// What a chart, a group or a bar within it stands for.
enum class Dimension { Method, Format, Granularity };
struct Dimensions {
    Dimension chart, group, series;
};

Dimensions dimensionsOf(BarGrouping grouping) {
    switch (grouping) {
        case BarGrouping::Method:
            return {Dimension::Granularity, Dimension::Method, Dimension::Format};
        case BarGrouping::Format:
            return {Dimension::Granularity, Dimension::Format, Dimension::Method};
        case BarGrouping::Granularity:
            break;
    }
    return {Dimension::Format, Dimension::Granularity, Dimension::Method};
}

// Blocks have their own granularity, but stand beside the first.
std::string textOf(const ComparisonCell& cell, Dimension dimension, const std::string& firstGranularity) {
    const bool isBlock = cell.format.isBlockScaled();
    switch (dimension) {
        case Dimension::Method:
            return cell.method.name();
        case Dimension::Format:
            return cell.format.name();
        case Dimension::Granularity:
            break;
    }
    return isBlock ? firstGranularity : cell.granularity.name();
}

std::string granularityTitle(const std::string& name) {
    if (name == "tensor") return "one clip for the tensor";
    if (name == "channel") return "a clip per channel";
    return "a clip per " + name;
}

// The different texts, in the order in which they come first.
class Names {
public:
    size_t indexOf(const std::string& name) {
        const auto found = std::ranges::find(m_names, name);
        if (found != m_names.end()) return static_cast<size_t>(found - m_names.begin());
        m_names.push_back(name);
        return m_names.size() - 1;
    }
    const std::vector<std::string>& all() const { return m_names; }

private:
    std::vector<std::string> m_names;
};

// Of formats that are not integers the first seven differ.
std::vector<Colour> formatColours(std::span<const ComparisonCell> cells, const Names& names,
                                  const Theme& theme) {
    const bool areIntegers = std::ranges::all_of(cells, [](const ComparisonCell& cell) {
        return cell.format == quant::integerFormat(cell.format.bits, cell.format.isSigned);
    });
    std::vector<Colour> colours;
    for (size_t i = 0; i < names.all().size(); ++i) colours.push_back(seriesStyle(theme, i).colour);
    if (!areIntegers) return colours;
    for (const ComparisonCell& cell : cells) {
        const auto found = std::ranges::find(names.all(), cell.format.name());
        if (found != names.all().end())
            colours[static_cast<size_t>(found - names.all().begin())] =
                bitsStyle(theme, static_cast<int>(cell.format.bits)).colour;
    }
    return colours;
}

std::vector<BarChart::Series> seriesOf(const CompareScene& scene, const Names& names, Dimension dimension) {
    std::vector<BarChart::Series> series;
    std::vector<Colour> colours;
    if (dimension == Dimension::Format) colours = formatColours(scene.cells, names, scene.theme);
    for (size_t i = 0; i < names.all().size(); ++i) {
        const std::string& name = names.all()[i];
        series.push_back({name, colours.empty() ? methodStyle(scene.theme, name).colour : colours[i]});
    }
    return series;
}

Axis sqnrAxis(const CompareScene& scene) {
    double least = 0, most = 0;
    for (const auto cells : {scene.cells, scene.reference}) {
        for (const ComparisonCell& cell : cells) {
            least = std::min(least, cell.sqnrDb.value_or(0));
            most = std::max(most, cell.sqnrDb.value_or(0));
        }
    }
    if (most <= least) most = least + 10;
    Axis axis{
        .low = least < 0 ? least * 1.05 : 0, .high = most + (most - least) * 0.17, .label = "SQNR (dB)"};
    if (scene.state.sqnr.bounds) std::tie(axis.low, axis.high) = *scene.state.sqnr.bounds;
    return axis;
}

bool areRivals(const ComparisonCell& one, const ComparisonCell& other) {
    return one.format == other.format && one.granularity == other.granularity;
}

// Less error is better: exact ones have an SQNR without end.
bool isBest(std::span<const ComparisonCell> cells, const ComparisonCell& cell) {
    size_t rivals = 0;
    for (const ComparisonCell& other : cells) {
        if (!areRivals(cell, other)) continue;
        ++rivals;
        if (other.squared < cell.squared) return false;
    }
    return rivals > 1;
}

std::optional<double> referenceOf(const CompareScene& scene, const ComparisonCell& cell) {
    for (const ComparisonCell& other : scene.reference) {
        if (areRivals(cell, other) && cell.method.name() == other.method.name()) return other.sqnrDb;
    }
    return std::nullopt;
}

}  // namespace

std::string sqnrLabel(const ComparisonCell& cell) {
    if (!cell.sqnrDb) return cell.squared > 0 ? "n/a" : "exact";
    const double shown = std::abs(*cell.sqnrDb) < 0.05 ? 0 : *cell.sqnrDb;
    const std::string number = std::format("{:.1f}", std::abs(shown));
    return (cell.isMeasured ? "" : "≈ ") + std::string(shown < 0 ? "−" : "") + number;
}

std::vector<CompareChart> compareCharts(const CompareScene& scene) {
    if (scene.cells.empty()) return {};
    const Dimensions dimensions = dimensionsOf(scene.state.grouping);
    const std::string first = scene.cells.front().format.isBlockScaled() && !scene.state.granularities.empty()
                                  ? scene.state.granularities.front().name()
                                  : scene.cells.front().granularity.name();
    Names charts, groups, series;
    for (const ComparisonCell& cell : scene.cells) {
        charts.indexOf(textOf(cell, dimensions.chart, first));
        groups.indexOf(textOf(cell, dimensions.group, first));
        series.indexOf(textOf(cell, dimensions.series, first));
    }
    const Axis axis = sqnrAxis(scene);
    std::vector<CompareChart> shown(charts.all().size());
    for (size_t i = 0; i < shown.size(); ++i) {
        const std::string& name = charts.all()[i];
        shown[i].chart = {.title = dimensions.chart == Dimension::Granularity ? granularityTitle(name) : name,
                          .x = axis,
                          .groups = groups.all(),
                          .series = seriesOf(scene, series, dimensions.series),
                          .bestName = "best method",
                          .paleName = "estimated",
                          .referenceName = scene.referenceName};
    }
    for (size_t i = 0; i < scene.cells.size(); ++i) {
        const ComparisonCell& cell = scene.cells[i];
        CompareChart& chart = shown[charts.indexOf(textOf(cell, dimensions.chart, first))];
        chart.chart.bars.push_back(
            {.group = groups.indexOf(textOf(cell, dimensions.group, first)),
             .series = series.indexOf(textOf(cell, dimensions.series, first)),
             .value = cell.sqnrDb.value_or(cell.squared > 0 ? 0 : axis.high),
             .label = sqnrLabel(cell),
             .isBest = isBest(scene.cells, cell),
             .isPale = !cell.isMeasured,
             .reference = referenceOf(scene, cell),
             .name = cell.method.name() + " " + cell.format.name() + " " + cell.granularity.name()});
        chart.cells.push_back(i);
    }
    return shown;
}

}  // namespace app
