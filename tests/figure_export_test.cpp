#include "app/plot/colour_map.h"
#include "app/plot/curve_points.h"
#include "app/plot/figure_csv.h"
#include "app/plot/figure_svg.h"
#include "app/plot/heat_map_picture.h"
#include "app/plot/plot_layout.h"
#include "app/plot/svg_text.h"
#include "tests/device_fixture.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <limits>

namespace tests {

using namespace app;

namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// Seven pixels for each character, whatever it is.
glm::vec2 measured(std::string_view text) {
    return {7.0f * float(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; })), 16};
}

// Buffers on the device for the time of a test.
class Uploads {
public:
    DeviceFloats floats(const std::vector<float>& values) {
        return {raw(values.data(), values.size() * sizeof(float)), uint32_t(values.size())};
    }
    engine::BufferRange counts(const std::vector<uint64_t>& values) {
        return raw(values.data(), values.size() * sizeof(uint64_t));
    }

private:
    engine::BufferRange raw(const void* bytes, size_t sizeBytes) {
        m_buffers.emplace_back(device(), std::max<size_t>(sizeBytes, 16), engine::MemoryKind::Upload,
                               "test data");
        std::memcpy(m_buffers.back().mapped().data(), bytes, sizeBytes);
        m_buffers.back().flush();
        return {m_buffers.back(), 0, sizeBytes};
    }
    std::deque<engine::Buffer> m_buffers;
};

std::string svg(const Figure& figure, glm::vec2 size = {640, 400}) {
    const PlacedFigure placed{figure, {0, 0, size.x, size.y}};
    return svgOf(std::span(&placed, 1), size, darkTheme(), measured, device());
}

std::string csv(const Figure& figure) {
    const Figure* const one = &figure;
    return csvOf(std::span(&one, 1), device());
}

// What is wrong with a document's tags, attributes, entities and characters; empty for nothing.
std::string xmlFault(std::string_view text) {
    std::vector<std::string_view> open;
    const auto isName = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == ':' || c == '-';
    };
    size_t at = text.starts_with("<?xml ") ? text.find("?>") + 2 : std::string_view::npos;
    if (at == std::string_view::npos) return "no declaration";
    for (; at < text.size(); ++at) {
        if (text[at] == '&') {
            const std::string_view entity = text.substr(at, text.find(';', at) - at);
            if (entity != "&amp" && entity != "&lt" && entity != "&gt" && entity != "&quot")
                return "an entity";
        }
        if (static_cast<unsigned char>(text[at]) < 32 && text[at] != '\n') return "a control character";
        if (text[at] == '>') return "a lone >";
        if (text[at] != '<') continue;
        const bool isEnd = text[++at] == '/';
        if (isEnd) ++at;
        const size_t nameEnd =
            size_t(std::find_if_not(text.begin() + long(at), text.end(), isName) - text.begin());
        const std::string_view name = text.substr(at, nameEnd - at);
        if (name.empty()) return "a tag without a name";
        for (at = nameEnd; text[at] == ' ';) {
            const size_t equals = text.find("=\"", at), quote = text.find('"', equals + 2);
            if (quote == std::string_view::npos) return "an attribute";
            if (text.substr(equals + 2, quote - equals - 2).find_first_of("<>") != std::string_view::npos)
                return "an attribute's text";
            at = quote + 1;
        }
        const bool isEmpty = text[at] == '/';
        if (isEmpty) ++at;
        if (text[at] != '>') return "a tag that does not end: " + std::string(name);
        if (isEnd && (open.empty() || open.back() != name)) return "an end of " + std::string(name);
        if (isEnd) open.pop_back();
        if (!isEnd && !isEmpty) open.push_back(name);
    }
    return open.empty() ? "" : "an open " + std::string(open.back());
}

size_t count(std::string_view text, std::string_view part) {
    size_t found = 0;
    for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

// The path of the only curve: the one without fill.
std::string curvePath(const std::string& document) {
    const size_t start = document.find("<path fill=\"none\"");
    const size_t data = document.find("d=\"", start) + 3;
    return document.substr(data, document.find('"', data) - data);
}

std::vector<glm::vec2> pointsOf(const std::string& path) {
    std::vector<glm::vec2> points;
    for (size_t at = path.find_first_of("ML"); at != std::string::npos;
         at = path.find_first_of("ML", at + 1)) {
        char* end = nullptr;
        const float x = std::strtof(path.c_str() + at + 1, &end);
        points.emplace_back(x, std::strtof(end, nullptr));
    }
    return points;
}

Rect plotOf(const Figure& figure) {
    return layOut(figure, {0, 0, 640, 400}, darkTheme(), measured, 16).plot;
}

}  // namespace

TEST_CASE("The XML check of these tests finds faults", "[figure_export]") {
    const std::string start = "<?xml version=\"1.0\"?>";
    CHECK(xmlFault(start + "<a b=\"c\"><d/>x &amp; y</a>\n") == "");
    for (const char* fault :
         {"<a>", "</a>", "<a></b>", "<a b=\"c></a>", "<a>x & y</a>", "<a>></a>", "<a>\x01</a>"})
        CHECK(xmlFault(start + fault) != "");
}

TEST_CASE("An SVG of every kind of layer is well-formed whatever the names", "[device][figure_export]") {
    Uploads uploads;
    const std::string hostile = "<a href=\"x\">&'\x01\xff\n]]>";
    Figure figure{.title = hostile, .x = {.label = hostile}, .y = {.label = hostile}};
    const DeviceFloats x = uploads.floats({0, 0.5f, 1});
    figure.layers.emplace_back(
        Curve{.x = x, .y = x, .colour = colour(0xff0000), .dash = Dash::DashDot, .name = hostile});
    figure.layers.emplace_back(Bars{
        .edges = x, .counts = uploads.counts({1, 2}), .bins = 2, .colour = colour(0xff00), .name = "bars"});
    figure.layers.emplace_back(Marks{.at = {0.25}, .colour = colour(0xff, 100), .name = "marks"});
    figure.layers.emplace_back(
        Path{.x = {0, 1, nan, 1}, .y = {0, 1, 0, 0}, .colour = colour(0xff), .isClosed = true});
    for (uint32_t shape = 0; shape < 6; ++shape)
        figure.layers.emplace_back(Markers{.x = {0.5},
                                           .y = {0.5},
                                           .shape = MarkerShape(shape),
                                           .colour = colour(1),
                                           .edge = colour(2),
                                           .name = "m" + std::to_string(shape)});
    figure.layers.emplace_back(Boxes{.boxes = {{0.1, 0.2, 0, 0.5, colour(0x123456), hostile}}});
    figure.layers.emplace_back(
        HeatMap{.cells = uploads.floats({1, 2}), .rows = 1, .columns = 2, .name = "heat"});
    figure.annotations.push_back({.x = 0.5, .y = 0.5, .text = hostile});
    const std::string document = svg(figure);
    CHECK(xmlFault(document) == "");
    CHECK(count(document, "&lt;a href=&quot;x&quot;&gt;&amp;'\\x01\\xff\\n]]&gt;</text>") >= 2);
    CHECK(xmlFault(svg(figure, {1, 1})) == "");
    CHECK(xmlFault(svg({})) == "");
}

TEST_CASE("A curve of an SVG runs through its points", "[device][figure_export]") {
    Uploads uploads;
    Figure figure{.x = {.low = 0, .high = 4}, .y = {.scale = AxisScale::Log, .low = 1e-4, .high = 1}};
    const std::vector<float> x = {1, 2, 3}, y = {0.1f, 1e-3f, 0.5f};
    figure.layers.emplace_back(Curve{.x = uploads.floats(x), .y = uploads.floats(y), .colour = colour(0xff)});
    const std::vector<glm::vec2> points = pointsOf(curvePath(svg(figure)));
    REQUIRE(points.size() == 3);
    for (size_t i = 0; i < 3; ++i) {
        const glm::vec2 expected = pixelOf(plotOf(figure), figure.x, figure.y, x[i], y[i]);
        CHECK(points[i].x == Catch::Approx(expected.x).margin(0.01));
        CHECK(points[i].y == Catch::Approx(expected.y).margin(0.01));
    }
}

TEST_CASE("NaN leaves a gap, and what a logarithm cannot show lies at the lower end", "[figure_export]") {
    const Figure figure{.x = {.low = 0, .high = 10}, .y = {.scale = AxisScale::Log, .low = 0.1, .high = 10}};
    const Rect plot{0, 0, 100, 100};
    const std::vector<float> x = {0, 1, 2, 3, 4, 5}, y = {1, 1, nan, 1, 0, 1};
    const auto runs = visibleRuns(figure, plot, x, y);
    REQUIRE(runs.size() == 2);
    CHECK(runs[0] == std::vector<glm::vec2>{{0, 50}, {10, 50}});
    CHECK(runs[1] == std::vector<glm::vec2>{{30, 50}, {40, 100}, {50, 50}});
}

TEST_CASE("A curve of many points keeps every spike and few points", "[figure_export]") {
    const Figure figure{.x = {.low = 0, .high = 1e6}, .y = {.low = -10, .high = 10}};
    const Rect plot{50, 20, 650, 320};
    std::vector<float> x, y;
    for (int i = 0; i < 1'000'000; ++i) {
        x.push_back(float(i));
        y.push_back(std::sin(float(i)));
    }
    y[123'456] = 9;
    y[654'321] = -9;
    const auto runs = visibleRuns(figure, plot, x, y);
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].size() <= 4 * 601);
    const auto holds = [&](int i) {
        const glm::vec2 spike = pixelOf(plot, figure.x, figure.y, x[size_t(i)], y[size_t(i)]);
        return std::ranges::contains(runs[0], spike);
    };
    CHECK(holds(123'456));
    CHECK(holds(654'321));
    CHECK(std::ranges::is_sorted(runs[0], {}, &glm::vec2::x));
}

TEST_CASE("Only the visible part of a curve is drawn, with one point beyond", "[figure_export]") {
    const Figure figure{.x = {.low = 100, .high = 103}, .y = {.low = 0, .high = 1}};
    std::vector<float> x, y(1000, 0.5f);
    for (int i = 0; i < 1000; ++i) x.push_back(float(i));
    const auto runs = visibleRuns(figure, {0, 0, 300, 100}, x, y);
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].size() == 6);
    CHECK(runs[0].front() == glm::vec2(-100, 50));
    CHECK(visibleRuns({.x = {.low = 2000, .high = 3000}}, {0, 0, 300, 100}, x, y).empty());
}

TEST_CASE("Bars of an SVG reach their counts, and of thin ones the tallest is seen",
          "[device][figure_export]") {
    Uploads uploads;
    Figure figure{.x = {.low = 0, .high = 10}, .y = {.low = 0, .high = 8e9}};
    std::vector<float> edges;
    std::vector<uint64_t> counts(100'000, 1'000'000'000), other(100'000, 0);
    for (int i = 0; i <= 100'000; ++i) edges.push_back(float(i) * 1e-4f);
    counts[50'000] = 5'000'000'000;
    other[50'000] = 1'000'000'000;
    figure.layers.emplace_back(Bars{.edges = uploads.floats(edges),
                                    .counts = uploads.counts(counts),
                                    .other = uploads.counts(other),
                                    .bins = 100'000,
                                    .colour = colour(0xff00)});
    const std::string document = svg(figure);
    const Rect plot = plotOf(figure);
    CHECK(count(document, "Z") <= size_t(plot.width()) + 2);
    const glm::vec2 top = pixelOf(plot, figure.x, figure.y, 5, 6e9);
    CHECK(count(document, "V" + svgNumber(double(top.y)) + "H") == 1);
}

TEST_CASE("A heat map's pixels are the means of its cells in colours", "[figure_export]") {
    const HeatMap map{.rows = 2, .columns = 4, .scale = AxisScale::Linear, .low = 0, .high = 1};
    const std::vector<float> cells = {0, 0, 1, 1, 0.25f, 0.75f, nan, 1}, edges = {0, 1, 2, 3, 4};
    const Axis x{.low = 0, .high = 4}, y{.low = 0, .high = 2};
    const Picture half = heatMapPicture(map, cells, edges, x, y, 2, 2);
    const auto pixel = [](const Picture& picture, uint32_t column, uint32_t row) {
        Colour value;
        std::memcpy(&value, picture.pixels.data() + 4 * (row * picture.width + column), 4);
        return value;
    };
    // Row 0 lies lowest.
    CHECK(pixel(half, 0, 1) == sequentialMap()[0]);
    CHECK(pixel(half, 1, 1) == sequentialMap()[255]);
    CHECK(pixel(half, 0, 0) == sequentialMap()[128]);
    CHECK(pixel(half, 1, 0) == sequentialMap()[255]);
    const Picture large = heatMapPicture(map, cells, edges, x, y, 40, 20);
    CHECK(pixel(large, 19, 0) == colourOf(map, 0.75f));
    CHECK(pixel(large, 25, 0) == 0);
    const Picture beyond = heatMapPicture(map, cells, edges, {.low = -4, .high = 0}, y, 4, 2);
    CHECK(std::ranges::all_of(beyond.pixels, [](std::byte b) { return b == std::byte{0}; }));
}

TEST_CASE("A heat map is rectangles where cells are few and a picture where they are many",
          "[device][figure_export]") {
    Uploads uploads;
    const auto heatMap = [&](uint32_t rows, uint32_t columns) {
        const std::vector<float> cells(size_t{rows} * columns, 0.5f);
        Figure figure{.x = {.low = 0, .high = double(columns)}, .y = {.low = 0, .high = double(rows)}};
        figure.layers.emplace_back(HeatMap{
            .cells = uploads.floats(cells), .rows = rows, .columns = columns, .scale = AxisScale::Linear});
        return svg(figure);
    };
    CHECK(count(heatMap(3, 5), "<rect") == 15 + count(heatMap(100, 100), "<rect"));
    CHECK(count(heatMap(100, 100), "data:image/png;base64,iVBORw0KGgo") == 1);
    CHECK(xmlFault(heatMap(100, 100)) == "");
}

TEST_CASE("Base64 of RFC 4648", "[figure_export]") {
    const std::pair<std::string, std::string> vectors[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) CHECK(base64(std::as_bytes(std::span(bytes))) == text);
}

TEST_CASE("Curves that share x stand side by side in CSV, within the bounds", "[device][figure_export]") {
    Uploads uploads;
    Figure figure{.x = {.low = 0.1, .high = 0.3, .label = "clip, |x|"}, .y = {.low = 0, .high = 1}};
    const DeviceFloats x = uploads.floats({0, 0.1f, 0.2f, 0.3f, 0.4f});
    const auto add = [&](const std::vector<float>& y, const std::string& name) {
        figure.layers.emplace_back(Curve{.x = x, .y = uploads.floats(y), .name = name});
    };
    add({1, 0.1f, nan, 1e-8f, 1}, "4 bits");
    add({1, 2, 0.3333333f, 0, 1}, "the \"8\" bits");
    add({1, 1, 1, 1, 1}, "");
    CHECK(csv(figure) ==
          "\"clip, |x|\",4 bits,\"the \"\"8\"\" bits\"\n0.1,0.1,\n0.2,,0.3333333\n0.3,1e-08,0\n");
}

TEST_CASE("Curves with x of their own are named in each row of CSV", "[device][figure_export]") {
    Uploads uploads;
    Figure figure{.x = {.low = 0, .high = 3}, .y = {.low = 0, .high = 5, .label = "mse"}};
    figure.layers.emplace_back(Curve{.x = uploads.floats({1, 2}), .y = uploads.floats({3, 4}), .name = "a"});
    figure.layers.emplace_back(Curve{.x = uploads.floats({1.5f}), .y = uploads.floats({2.5f}), .name = "b"});
    CHECK(csv(figure) == "curve,x,mse\na,1,3\na,2,4\nb,1.5,2.5\n");
}

TEST_CASE("Bars in CSV have their edges and whole 64-bit counts", "[device][figure_export]") {
    Uploads uploads;
    Figure figure{.x = {.low = 0.5, .high = 2.5}, .y = {.low = 0, .high = 1}};
    figure.layers.emplace_back(Bars{.edges = uploads.floats({-1, 0, 1, 2, 3, 4}),
                                    .counts = uploads.counts({9, 1, 1ull << 53, 7, 9}),
                                    .other = uploads.counts({9, 1, 1, 0, 9}),
                                    .bins = 5,
                                    .name = "|x|"});
    CHECK(csv(figure) == "from,to,|x|\n0,1,2\n1,2,9007199254740993\n2,3,7\n");
}

TEST_CASE("Marks, paths, markers, boxes and heat maps have tables of their own in CSV",
          "[device][figure_export]") {
    Uploads uploads;
    Figure figure{.x = {.low = 0, .high = 2, .label = "clip"},
                  .y = {.low = 0, .high = 2},
                  .rowNames = {"first", "a,b"}};
    figure.layers.emplace_back(Marks{.at = {0.5, 3}, .name = "octav"});
    figure.layers.emplace_back(Path{.x = {1, 2}, .y = {0.1, 5}, .name = "steps"});
    figure.layers.emplace_back(Markers{.x = {1.5}, .y = {1}, .name = "best"});
    figure.layers.emplace_back(Boxes{.boxes = {{0, 1, 0, 1, 0, "box"}, {5, 6, 0, 1, 0, "far"}}});
    figure.layers.emplace_back(
        HeatMap{.cells = uploads.floats({1, 2, 3, nan, 5, 6}), .rows = 2, .columns = 3});
    CHECK(csv(figure) ==
          "name,left,right,bottom,top\nbox,0,1,0,1\n\n"
          "row,0,1,2\nfirst,1,2,3\n\"a,b\",,5,6\n\n"
          "name,clip\noctav,0.5\n\n"
          "name,clip,y\nsteps,1,0.1\nbest,1.5,1\n");
}

TEST_CASE("A range that is shorter than its count is a bug that is told", "[device][figure_export]") {
    Uploads uploads;
    Figure figure;
    DeviceFloats x = uploads.floats({1, 2, 3, 4});
    x.count = 5;
    figure.layers.emplace_back(Curve{.x = x, .y = x, .name = "a"});
    CHECK_THROWS_AS(svg(figure), std::logic_error);
    CHECK_THROWS_AS(csv(figure), std::logic_error);
}

}  // namespace tests
