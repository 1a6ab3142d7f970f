#include "app/plot/bar_chart.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <variant>

using namespace app;

namespace {

// Two groups of three bars.
BarChart sampleChart() {
    BarChart chart{
        .x = {.low = 0, .high = 40},
        .groups = {"a", "b"},
        .series = {{"one", colour(0x112233)}, {"two", colour(0x445566)}, {"three", colour(0x778899)}}};
    for (size_t group = 0; group < 2; ++group) {
        for (size_t series = 0; series < 3; ++series) {
            const double value = 10.0 * static_cast<double>(1 + group + series) - 5;
            chart.bars.push_back(
                {.group = group, .series = series, .value = value, .label = std::to_string(value)});
        }
    }
    return chart;
}

template <class Kind>
std::vector<Kind> layersOf(const Figure& figure) {
    std::vector<Kind> found;
    for (const Layer& layer : figure.layers) {
        if (const Kind* kind = std::get_if<Kind>(&layer)) found.push_back(*kind);
    }
    return found;
}

Figure figureOf(const BarChart& chart, float height = 600) {
    return app::figureOf(chart, darkTheme(), {800, height, 16});
}

}  // namespace

TEST_CASE("Bars lie below each other in the order of groups and series, without touching", "[bar_chart]") {
    const BarChart chart = sampleChart();
    double above = 2;
    for (size_t group = 0; group < 2; ++group) {
        for (size_t series = 0; series < 3; ++series) {
            const BarPlace place = barPlace(chart, group, series);
            CHECK(place.top < above);
            CHECK(place.bottom < place.top);
            CHECK(place.bottom > 1 - static_cast<double>(group));
            above = place.bottom;
        }
    }
}

TEST_CASE("A bar goes from zero to its value in the colour of its series", "[bar_chart]") {
    BarChart chart = sampleChart();
    chart.x.low = -10;
    chart.bars[1].value = -5;
    const auto boxes = layersOf<Boxes>(figureOf(chart)).at(0).boxes;
    REQUIRE(boxes.size() == chart.bars.size());
    for (size_t i = 0; i < boxes.size(); ++i) {
        CHECK(boxes[i].left == std::min(chart.bars[i].value, 0.0));
        CHECK(boxes[i].right == std::max(chart.bars[i].value, 0.0));
        CHECK(boxes[i].colour == chart.series[chart.bars[i].series].colour);
    }
}

TEST_CASE("The names of groups stand from the top", "[bar_chart]") {
    CHECK(figureOf(sampleChart()).rowNames == std::vector<std::string>{"b", "a"});
}

TEST_CASE("Each place in a group belongs to a bar, each between groups to none", "[bar_chart]") {
    const BarChart chart = sampleChart();
    for (size_t i = 0; i < chart.bars.size(); ++i) {
        const BarPlace place = barPlace(chart, chart.bars[i].group, chart.bars[i].series);
        CHECK(barAt(chart, place.bottom) == i);
        CHECK(barAt(chart, place.top) == i);
    }
    CHECK(barAt(chart, 1.0) == std::nullopt);
    CHECK(barAt(chart, -0.1) == std::nullopt);
}

TEST_CASE("Of bars thinner than a line the best alone have labels, where no longer bar is in the way",
          "[bar_chart]") {
    BarChart chart = sampleChart();
    CHECK(figureOf(chart).annotations.size() == chart.bars.size());
    CHECK(figureOf(chart, 60).annotations.empty());
    chart.bars[0].isBest = chart.bars[2].isBest = true;  // the second is longer than the first
    const auto labels = figureOf(chart, 60).annotations;
    REQUIRE(labels.size() == 1);
    CHECK(labels[0].text == chart.bars[2].label);
}

TEST_CASE("The legend names series where there are several, and marks that are there", "[bar_chart]") {
    BarChart chart = sampleChart();
    chart.bestName = "best";
    chart.paleName = "estimated";
    chart.referenceName = "other";
    const auto names = [](const Figure& figure) {
        std::vector<std::string> named;
        for (const Markers& markers : layersOf<Markers>(figure)) named.push_back(markers.name);
        return named;
    };
    CHECK(names(figureOf(chart)) == std::vector<std::string>{"one", "two", "three"});
    chart.bars[0].isBest = chart.bars[1].isPale = true;
    chart.bars[2].reference = 12;
    CHECK(names(figureOf(chart)) ==
          std::vector<std::string>{"one", "two", "three", "estimated", "other", "best"});
    BarChart single{.groups = {"a"}, .series = {{"one", colour(1)}}, .bars = {{.value = 1}}};
    CHECK(names(figureOf(single)).empty());
}

TEST_CASE("A reference is marked at its own value, whatever the bar's", "[bar_chart]") {
    BarChart chart = sampleChart();
    chart.bars[2].reference = 12;
    const auto markers = layersOf<Markers>(figureOf(chart));
    const BarPlace place = barPlace(chart, 0, 2);
    CHECK(markers.back().x == std::vector<double>{12});
    CHECK(markers.back().y == std::vector<double>{(place.bottom + place.top) / 2});
}

TEST_CASE("A label stands at the end of its bar, or behind a reference that lies there", "[bar_chart]") {
    BarChart chart = sampleChart();
    chart.bars[0].reference = chart.bars[0].value + 1;  // 20 pixels
    chart.bars[1].reference = chart.bars[1].value + 20;
    chart.bars[2].reference = chart.bars[2].value - 1;
    const auto labels = figureOf(chart).annotations;
    CHECK(labels[0].x == *chart.bars[0].reference);
    CHECK(labels[1].x == chart.bars[1].value);
    CHECK(labels[2].x == chart.bars[2].value);
}
