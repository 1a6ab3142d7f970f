#include "app/plot/plot_layout.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <random>

namespace tests {

using namespace app;

namespace {

constexpr float lineHeight = 16;

// Seven pixels for each character, whatever it is.
glm::vec2 measured(std::string_view text) {
    return {7.0f * float(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; })), lineHeight};
}

PlotLayout laidOut(const Figure& figure, const Rect& frame) {
    return layOut(figure, frame, darkTheme(), measured, lineHeight);
}

std::string words(std::mt19937& random, size_t most) {
    std::string text;
    for (size_t i = random() % (most + 1); i > 0; --i) text += i % 7 ? "é" : " ";
    return text;
}

Axis randomAxis(std::mt19937& random) {
    std::uniform_real_distribution<double> exponent(-6, 6);
    Axis axis{
        .scale = AxisScale(random() % 3), .low = std::pow(10, exponent(random)), .label = words(random, 30)};
    axis.high = axis.low * (1.0001 + std::pow(10, exponent(random)));
    if (axis.scale != AxisScale::Log && random() % 2) axis.low = -axis.high * double(random() % 3);
    return axis;
}

Figure randomFigure(std::mt19937& random) {
    Figure figure{.title = words(random, 60), .x = randomAxis(random), .y = randomAxis(random)};
    figure.hasXLabels = random() % 4;
    figure.isLegendShown = random() % 4;
    if (random() % 5 == 0) {
        figure.y = {.low = 0, .high = double(1 + random() % 300)};
        for (int row = 0; row < 300; ++row) figure.rowNames.push_back("layer" + words(random, 30));
    }
    for (size_t i = random() % 12; i > 0; --i) figure.layers.emplace_back(Curve{.name = words(random, 24)});
    if (random() % 2) figure.layers.emplace_back(HeatMap{.name = "error"});
    figure.layers.emplace_back(Markers{.name = words(random, 5)});
    for (size_t i = random() % 10; i > 0; --i) {
        const double unit = double(random() % 1200) / 1000 - 0.1;
        figure.annotations.push_back({.x = figure.x.valueAt(unit),
                                      .y = figure.y.valueAt(double(random() % 3) / 2),
                                      .alongX = float(random() % 3) / 2,
                                      .alongY = float(random() % 3) / 2,
                                      .offsetX = 4,
                                      .offsetY = -4,
                                      .text = words(random, 20)});
    }
    return figure;
}

std::vector<TextItem> texts(const PlotLayout& layout) {
    std::vector<TextItem> all = layout.texts;
    all.insert(all.end(), layout.annotations.begin(), layout.annotations.end());
    for (const LegendItem& item : layout.legend) all.push_back(item.text);
    return all;
}

bool isInside(const Rect& inner, const Rect& outer, float slack = 0.01f) {
    return inner.left >= outer.left - slack && inner.right <= outer.right + slack &&
           inner.top >= outer.top - slack && inner.bottom <= outer.bottom + slack;
}

// Calls check(figure, frame, layout) for figures of every kind on frames from nothing to 8000 x 4000.
template <class Check>
void forRandomLayouts(Check check) {
    std::mt19937 random(11);
    std::uniform_real_distribution<float> exponent(0, 1), place(-500, 500);
    for (int i = 0; i < 3000; ++i) {
        const Figure figure = randomFigure(random);
        Rect frame{place(random), place(random)};
        frame.right = frame.left + (i % 50 ? 80 * std::pow(100.0f, exponent(random)) : float(i % 7) * 10);
        frame.bottom = frame.top + (i % 50 ? 60 * std::pow(66.0f, exponent(random)) : float(i % 11) * 5);
        const PlotLayout layout = laidOut(figure, frame);
        INFO("layout " << i << " of " << frame.width() << " x " << frame.height());
        const std::string failure = check(figure, frame, layout);
        if (!failure.empty()) FAIL(failure);
    }
}

Figure usualFigure() {
    Figure figure{.title = "conv1.weight",
                  .x = {.low = 0, .high = 2, .label = "clip"},
                  .y = {.scale = AxisScale::Log, .low = 1e-6, .high = 1, .label = "mean squared error"}};
    for (const char* name : {"2 bits", "4 bits", "8 bits"}) figure.layers.emplace_back(Curve{.name = name});
    return figure;
}

bool shows(const PlotLayout& layout, const std::string& text) {
    return std::ranges::any_of(texts(layout), [&](const TextItem& item) { return item.text == text; });
}

}  // namespace

TEST_CASE("No two texts of a plot overlap", "[plot_layout]") {
    forRandomLayouts([](const Figure&, const Rect&, const PlotLayout& layout) -> std::string {
        const std::vector<TextItem> all = texts(layout);
        for (size_t i = 0; i < all.size(); ++i)
            for (size_t k = i + 1; k < all.size(); ++k)
                if (doOverlap(grown(boundsOf(all[i]), -0.01f), boundsOf(all[k])))
                    return "'" + all[i].text + "' and '" + all[k].text + "'";
        return "";
    });
}

TEST_CASE("No text leaves the frame, and each has the size that it measures", "[plot_layout]") {
    forRandomLayouts([](const Figure&, const Rect& frame, const PlotLayout& layout) -> std::string {
        for (const TextItem& item : texts(layout)) {
            if (!isInside(boundsOf(item), frame)) return "'" + item.text + "' leaves";
            if (item.size != measured(item.text)) return "'" + item.text + "' is larger";
        }
        return "";
    });
}

TEST_CASE("The plot lies in the frame, and takes the larger part of all but tiny frames", "[plot_layout]") {
    forRandomLayouts([](const Figure&, const Rect& frame, const PlotLayout& layout) -> std::string {
        if (layout.plot.width() < 0 || layout.plot.height() < 0) return "negative";
        if (frame.width() < 60 || frame.height() < 60) return "";
        if (!isInside(layout.plot, frame)) return "outside";
        const bool isLarge =
            layout.plot.width() >= 0.4f * frame.width() && layout.plot.height() >= 0.4f * frame.height();
        return isLarge ? "" : "small";
    });
}

TEST_CASE("Grid lines stay in the plot, annotations and the legend's box too", "[plot_layout]") {
    forRandomLayouts([](const Figure&, const Rect& frame, const PlotLayout& layout) -> std::string {
        for (const LineItem& line : layout.grid)
            if (!isInside({std::min(line.from.x, line.to.x), std::min(line.from.y, line.to.y),
                           std::max(line.from.x, line.to.x), std::max(line.from.y, line.to.y)},
                          layout.plot, 0.51f))
                return "grid";
        for (const TextItem& item : layout.annotations)
            if (!isInside(grown(boundsOf(item), textPadding), layout.plot)) return "annotation " + item.text;
        if (layout.legendBox.width() > 0 && !isInside(layout.legendBox, layout.plot)) return "legend";
        for (const LegendItem& item : layout.legend)
            if (!isInside(item.sample, frame) || doOverlap(item.sample, boundsOf(item.text))) return "sample";
        return "";
    });
}

TEST_CASE("The numbers of an axis stand at their values", "[plot_layout]") {
    const PlotLayout layout = laidOut(usualFigure(), {0, 0, 640, 400});
    int checked = 0;
    for (const TextItem& item : layout.texts) {
        if (item.text != "1.0" && item.text != "10⁻³") continue;
        const glm::vec2 point = pixelOf(layout.plot, usualFigure().x, usualFigure().y, 1, 1e-3);
        const Rect box = boundsOf(item);
        if (item.text == "1.0") CHECK((box.left + box.right) / 2 == Catch::Approx(point.x).margin(0.01));
        if (item.text == "10⁻³") CHECK((box.top + box.bottom) / 2 == Catch::Approx(point.y).margin(0.01));
        ++checked;
    }
    CHECK(checked == 2);
}

TEST_CASE("A plot of usual size shows title, labels, numbers and legend", "[plot_layout]") {
    const PlotLayout layout = laidOut(usualFigure(), {0, 0, 640, 400});
    for (const char* text :
         {"conv1.weight", "clip", "mean squared error", "0", "2.0", "1", "2 bits", "8 bits"})
        CHECK(shows(layout, text));
    CHECK(layout.legendBox.width() == 0);  // beside the title
}

TEST_CASE("A tiny plot keeps its curve and gives up words", "[plot_layout]") {
    const PlotLayout layout = laidOut(usualFigure(), {0, 0, 80, 60});
    CHECK_FALSE(shows(layout, "conv1.weight"));
    CHECK(layout.plot.width() >= 60);
    CHECK(layout.plot.height() >= 40);
}

TEST_CASE("Plots below each other show the same x at the same place", "[plot_layout]") {
    Figure below = usualFigure();
    below.y = {.low = 0, .high = 1e9, .label = "count"};
    const Figure other{.x = {.low = 5, .high = 6}};
    const PlacedFigure figures[] = {
        {usualFigure(), {0, 0, 640, 300}}, {below, {0, 300, 640, 500}}, {other, {0, 500, 640, 700}}};
    REQUIRE(laidOut(below, figures[1].frame).plot.left != laidOut(usualFigure(), figures[0].frame).plot.left);
    const auto layouts = layOutAll(figures, darkTheme(), measured, lineHeight);
    REQUIRE(layouts.size() == 3);
    CHECK(layouts[0].plot.left == layouts[1].plot.left);
    CHECK(layouts[0].plot.right == layouts[1].plot.right);
    CHECK(layouts[2].plot == laidOut(other, figures[2].frame).plot);
}

TEST_CASE("The figure below has the numbers where a figure is told so", "[plot_layout]") {
    Figure figure = usualFigure();
    figure.hasXLabels = false;
    const PlotLayout layout = laidOut(figure, {0, 0, 640, 400});
    CHECK_FALSE(shows(layout, "clip"));
    CHECK_FALSE(shows(layout, "1.0"));
    CHECK(layout.plot.bottom > laidOut(usualFigure(), {0, 0, 640, 400}).plot.bottom + lineHeight);
}

TEST_CASE("A legend of many names moves into the plot and counts what does not fit", "[plot_layout]") {
    Figure figure = usualFigure();
    for (int i = 0; i < 200; ++i) figure.layers.emplace_back(Curve{.name = "layer " + std::to_string(i)});
    const PlotLayout layout = laidOut(figure, {0, 0, 640, 400});
    CHECK(layout.legendBox.width() > 0);
    REQUIRE_FALSE(layout.legend.empty());
    CHECK(layout.legend.back().text.text.ends_with("more"));
    const int hidden = std::stoi(layout.legend.back().text.text.substr(2));
    CHECK(size_t(hidden) + layout.legend.size() - 1 == 203);
}

TEST_CASE("Layers without a name, and names seen before, have no entry in the legend", "[plot_layout]") {
    Figure figure = usualFigure();
    figure.layers.emplace_back(Markers{.name = "4 bits"});
    figure.layers.emplace_back(Curve{});
    CHECK(laidOut(figure, {0, 0, 640, 400}).legend.size() == 3);
    figure.isLegendShown = false;
    CHECK(laidOut(figure, {0, 0, 640, 400}).legend.empty());
}

TEST_CASE("Annotations at one point move apart, and those off the axis are left out", "[plot_layout]") {
    Figure figure = usualFigure();
    for (const char* name : {"octav", "max", "mse"})
        figure.annotations.push_back({.x = 1, .y = 1e-3, .text = name});
    figure.annotations.push_back({.x = 2.5, .y = 1e-3, .text = "far"});
    const PlotLayout layout = laidOut(figure, {0, 0, 640, 400});
    REQUIRE(layout.annotations.size() == 3);
    const glm::vec2 point = pixelOf(layout.plot, figure.x, figure.y, 1, 1e-3);
    CHECK(layout.annotations[0].position.y == Catch::Approx(point.y));
    for (const TextItem& item : layout.annotations) {
        CHECK(item.position.x == Catch::Approx(point.x));
        CHECK(std::abs(item.position.y - point.y) < 3 * lineHeight);
    }
}

TEST_CASE("Pixels and values of a plot are each other's inverse", "[plot_layout]") {
    const Rect plot{50, 20, 650, 320};
    const Figure figure = usualFigure();
    for (const auto& [x, y] : {std::pair{0.5, 1e-5}, {2.0, 1.0}, {0.0, 1e-6}}) {
        const glm::dvec2 back = valueAt(plot, figure.x, figure.y, pixelOf(plot, figure.x, figure.y, x, y));
        CHECK(back.x == Catch::Approx(x).margin(1e-6));
        CHECK(back.y == Catch::Approx(y).epsilon(1e-5));
    }
    CHECK(pixelOf(plot, figure.x, figure.y, 0, 1) == glm::vec2(50, 20));
    CHECK(pixelOf(plot, figure.x, figure.y, 2, 1e-6) == glm::vec2(650, 320));
}

TEST_CASE("Names of rows stand in the middle of their rows", "[plot_layout]") {
    Figure figure{.x = {}, .y = {.low = 0, .high = 4}, .rowNames = {"a", "b", "c", "d"}};
    const PlotLayout layout = laidOut(figure, {0, 0, 400, 300});
    for (const TextItem& item : layout.texts)
        if (item.text == "c") {
            const float middle = item.position.y + lineHeight / 2;
            CHECK(middle == Catch::Approx(pixelOf(layout.plot, figure.x, figure.y, 0, 2.5).y));
        }
    for (const char* name : {"a", "b", "c", "d"}) CHECK(shows(layout, name));
}

}  // namespace tests
