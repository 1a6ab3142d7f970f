#include "app/explorer/value_view.h"

#include "app/explorer/value_figures.h"
#include "app/plot/colour_map.h"
#include "quant/clipped_grid.h"
#include "tests/device_fixture.h"
#include "tests/explorer_view.h"
#include "tests/picture_difference.h"
#include "tests/sample_data.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>

namespace tests {

using namespace app;
using quant::tests::TempFolder;

namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

bool isSwiftShader() {
    const char* driver = std::getenv("CLIPSCOPE_TEST_DRIVER");
    return driver && std::string(driver) == "swiftshader";
}

Colour mappedTo(double value, double largest) {
    return mapped(divergingMap(), static_cast<float>((value + largest) / (2 * largest)));
}

float absmaxOf(std::span<const float> values) {
    float most = 0;
    for (const float value : values)
        if (std::isfinite(value)) most = std::max(most, std::abs(value));
    return most;
}

// Each pixel of an image of so many rows and columns has the colour that is expected there.
void checkColours(const ExplorerView& view, const Picture& picture, uint64_t rows, uint64_t columns,
                  const std::function<Colour(uint64_t, uint64_t)>& expected) {
    for (uint64_t row = 0; row < rows; ++row) {
        for (uint64_t column = 0; column < columns; ++column) {
            INFO("row " << row << ", column " << column);
            // Beside the middle, where lines of the grid may be.
            const Colour shown = view.colourAt(picture, 0, static_cast<double>(column) + 0.25,
                                               static_cast<double>(row) + 0.25);
            // An entry of the map beside the right one, at a rounding.
            REQUIRE(colourDifference(shown, expected(row, column)) <= 4);
        }
    }
}

const Theme& themeOf(const ExplorerView& view) {
    return view.explorer.session().theme == Appearance::Dark ? darkTheme() : lightTheme();
}

Session modelSession(const std::string& tensor) {
    Session session;
    session.inputs = {sourceFile("assets/fashion_cnn.safetensors")};
    session.tensor = tensor;
    session.view = View::Values;
    session.isTableShown = false;
    return session;
}

}  // namespace

TEST_CASE("The pixels of a tensor have the colours of its values, the first row at the top",
          "[device][value_view]") {
    const TempFolder folder;
    const auto values = gaussians(6 * 9, 1);
    ExplorerView view(sessionOf(folder, values, {6, 9}, View::Values));
    const Picture picture = view.finished();
    checkColours(view, picture, 6, 9, [&](uint64_t row, uint64_t column) {
        return mappedTo(values[row * 9 + column], absmaxOf(values));
    });
    const PlotLayout& layout = view.figure(0).layout;
    const Figure& figure = view.figure(0).figure;
    CHECK(pixelOf(layout.plot, figure.x, figure.y, 0, 0).y <
          pixelOf(layout.plot, figure.x, figure.y, 0, 5).y);
}

TEST_CASE("Quantized values and differences agree with the grid at the clip", "[device][value_view]") {
    const TempFolder folder;
    const auto values = gaussians(8 * 8, 2);
    const float absmax = absmaxOf(values);
    Session session = sessionOf(folder, values, {8, 8}, View::Values);
    session.clip = 1.75;  // an exact step of 0.25
    const quant::ClippedGrid grid{quant::integerFormat(4, true), 1.75f};
    session.values.what = ShownValues::Quantized;
    {
        ExplorerView view(session);
        const Picture picture = view.finished();
        checkColours(view, picture, 8, 8, [&](uint64_t row, uint64_t column) {
            return mappedTo(grid.quantize(double{values[row * 8 + column]}), absmax);
        });
    }
    session.values.what = ShownValues::Difference;
    ExplorerView view(session);
    const Picture picture = view.finished();
    checkColours(view, picture, 8, 8, [&](uint64_t row, uint64_t column) {
        const double value = double{values[row * 8 + column]};
        return mappedTo(grid.quantize(value) - value, 0.125);
    });
}

TEST_CASE("What is not finite has the colour of errors", "[device][value_view][bounds]") {
    const TempFolder folder;
    std::vector<float> values = gaussians(5 * 5, 3);
    values[7] = nan;
    values[12] = infinity;
    values[20] = -infinity;
    ExplorerView view(sessionOf(folder, values, {5, 5}, View::Values));
    const Picture picture = view.finished();
    checkColours(view, picture, 5, 5, [&](uint64_t row, uint64_t column) {
        const float value = values[row * 5 + column];
        return std::isfinite(value) ? mappedTo(double{value}, absmaxOf(values)) : themeOf(view).error;
    });
}

TEST_CASE("Slices of a tensor stand side by side", "[device][value_view]") {
    const TempFolder folder;
    const auto values = gaussians(3 * 4 * 2 * 3, 4);
    ExplorerView view(sessionOf(folder, values, {3, 4, 2, 3}, View::Values));
    const Picture picture = view.finished();
    checkColours(view, picture, 3 * 2, 4 * 3, [&](uint64_t row, uint64_t column) {
        const uint64_t element = ((row / 2 * 4 + column / 3) * 2 + row % 2) * 3 + column % 3;
        return mappedTo(values[element], absmaxOf(values));
    });
}

TEST_CASE("A folded tensor ends in the plot's ground", "[device][value_view]") {
    const TempFolder folder;
    const auto values = gaussians(21, 5);  // rows of 4: three are missing
    ExplorerView view(sessionOf(folder, values, {21}, View::Values));
    const Picture picture = view.finished();
    checkColours(view, picture, 6, 4, [&](uint64_t row, uint64_t column) {
        const uint64_t element = row * 4 + column;
        return element < 21 ? mappedTo(values[element], absmaxOf(values)) : themeOf(view).plotBackground;
    });
}

TEST_CASE("A part of a tensor larger than a window has its colours where it is zoomed to",
          "[device][value_view]") {
    const TempFolder folder;
    constexpr uint64_t rows = 2300, columns = 2000;
    const auto values = gaussians(rows * columns, 6);
    Session session = sessionOf(folder, values, {rows, columns}, View::Values);
    // The curves of so many elements take long and change nothing here.
    const auto shown = [](ExplorerView& view) {
        Workspace& workspace = view.explorer.workspace();
        while (!workspace.curves().answer().isWhole || !workspace.values().latest() ||
               !workspace.values().isDone())
            view.offscreen.afterPauses(8);
        return view.offscreen.frame();
    };
    {
        ExplorerView view(session);
        shown(view);
        CHECK(std::get<HeatMap>(view.figure(0).figure.layers[0]).rowStep == 2);
    }
    session.values.zoom = ZoomRect{1990, 2290, 2000, 2300};
    ExplorerView view(session);
    const Picture picture = shown(view);
    const float absmax = absmaxOf(values);
    for (uint64_t row = 2291; row < rows; ++row) {
        const Colour colour = view.colourAt(picture, 0, 1995, static_cast<double>(row));
        CHECK(colourDifference(colour, mappedTo(values[row * columns + 1995], absmax)) <= 4);
    }
}

TEST_CASE("A mosaic larger than a window is shown, whatever its slices", "[device][value_view]") {
    for (const auto& shape : {std::vector<uint64_t>{3, 1, 2100, 2100}, {67, 64, 32, 32}, {3, 5, 640, 600}}) {
        const TempFolder folder;
        uint64_t elements = 1;
        for (const uint64_t extent : shape) elements *= extent;
        std::vector<float> values(elements, 1.0f);
        values.back() = -1;
        ExplorerView view(sessionOf(folder, values, shape, View::Values));
        Workspace& workspace = view.explorer.workspace();
        while (!workspace.values().latest() || !workspace.values().isDone()) {
            REQUIRE(workspace.values().problem().empty());
            view.offscreen.afterPauses(8);
        }
        const Picture picture = view.offscreen.frame();
        REQUIRE(!view.explorer.figures().empty());
        const auto& [figure, layout] = view.figure(0);
        const double x = (figure.x.low + figure.x.high) * 0.4, y = (figure.y.low + figure.y.high) * 0.4;
        CHECK(colourDifference(view.colourAt(picture, 0, x, y), mappedTo(1, 1)) <= 4);
    }
}

TEST_CASE("Keys choose what is shown", "[device][value_view]") {
    const TempFolder folder;
    const auto values = gaussians(16, 7);
    ExplorerView view(sessionOf(folder, values, {4, 4}, View::Values));
    view.finished();
    view.press(ImGuiKey_Q);
    CHECK(view.explorer.session().values.what == ShownValues::Quantized);
    view.press(ImGuiKey_D);
    CHECK(view.explorer.session().values.what == ShownValues::Difference);
    view.press(ImGuiKey_O);
    CHECK(view.explorer.session().values.what == ShownValues::Original);
}

TEST_CASE("Page keys step through slices", "[device][value_view]") {
    const TempFolder folder;
    const auto values = gaussians(2 * 2 * 3 * 3, 8);
    ExplorerView view(sessionOf(folder, values, {2, 2, 3, 3}, View::Values));
    view.finished();
    using Slice = std::vector<uint64_t>;
    const auto slice = [&] { return view.explorer.session().values.slice; };
    CHECK(slice() == Slice{});
    for (const Slice& next : {Slice{0, 0}, {0, 1}, {1, 0}, {1, 1}, {1, 1}}) {
        view.press(ImGuiKey_PageDown);
        CHECK(slice() == next);
    }
    const Picture picture = view.finished();
    checkColours(view, picture, 3, 3, [&](uint64_t row, uint64_t column) {
        return mappedTo(values[27 + row * 3 + column], absmaxOf(values));
    });
    for (const Slice& next : {Slice{1, 0}, {0, 1}, {0, 0}, {}, {}}) {
        view.press(ImGuiKey_PageUp);
        CHECK(slice() == next);
    }
}

TEST_CASE("The wheel zooms around the pointer, a drag moves, a double click shows all",
          "[device][value_view]") {
    const TempFolder folder;
    const auto values = gaussians(64 * 64, 9);
    ExplorerView view(sessionOf(folder, values, {64, 64}, View::Values));
    view.finished();
    view.point(0, 20, 30);
    view.explorer.feed(WheelTurned{0, 3});
    view.offscreen.frame();
    view.offscreen.frame();
    const auto zoomed = view.explorer.session().values.zoom;
    REQUIRE(zoomed);
    CHECK(zoomed->right - zoomed->left < 50);
    CHECK(std::abs((20.5 - zoomed->left) / (zoomed->right - zoomed->left) - 20.5 / 64) < 0.02);
    CHECK(std::abs((30.5 - zoomed->top) / (zoomed->bottom - zoomed->top) - 30.5 / 64) < 0.02);
    view.explorer.feed(PointerButton{0, true});
    view.offscreen.frame();
    view.point(0, 15, 25);
    view.explorer.feed(PointerButton{0, false});
    view.offscreen.frame();
    const auto moved = view.explorer.session().values.zoom;
    REQUIRE(moved);
    CHECK(std::abs(moved->left - zoomed->left - 5) < 0.2);
    CHECK(std::abs(moved->top - zoomed->top - 5) < 0.2);
    for (int click = 0; click < 2; ++click) view.click();
    CHECK(!view.explorer.session().values.zoom);
}

TEST_CASE("The first pictures of values differ from the last, which is always the same",
          "[device][value_view]") {
    const Session session = modelSession("features.4.weight");
    ExplorerView view(session);
    const Picture first = view.offscreen.afterPauses(1);
    const Picture last = view.finished();
    CHECK(!(first == last));
    ExplorerView again(session);
    CHECK(again.finished() == last);
}

TEST_CASE("Tensors without anything to clip are shown or explained", "[device][value_view]") {
    const TempFolder folder;
    struct Case {
        std::vector<float> values;
        std::vector<uint64_t> shape;
        size_t figures;
    };
    const Case cases[] = {{{1.5f}, {}, 1},
                          {{}, {0, 4}, 0},
                          {std::vector<float>(12, 0.0f), {3, 4}, 1},
                          {std::vector<float>(12, nan), {3, 4}, 1},
                          {std::vector<float>(5000, 2.0f), {5000, 1}, 1}};
    for (const Case& some : cases) {
        for (const ShownValues what : {ShownValues::Original, ShownValues::Difference}) {
            Session session = sessionOf(folder, some.values, some.shape, View::Values);
            session.values.what = what;
            ExplorerView view(session);
            view.finished();
            CHECK(view.explorer.figures().size() == some.figures);
        }
    }
    Session session = sessionOf(folder, std::vector<float>(12, nan), {3, 4}, View::Values);
    ExplorerView view(session);
    const Picture picture = view.finished();
    checkColours(view, picture, 3, 4, [&](uint64_t, uint64_t) { return themeOf(view).error; });
}

TEST_CASE("A reversed axis runs the other way, its place under the pointer kept", "[value_view]") {
    const Axis axis{.low = 10, .high = 30, .isReversed = true};
    CHECK(axis.unitOf(10) == 1);
    CHECK(axis.unitOf(30) == 0);
    CHECK(axis.valueAt(0.25) == 25);
    const Axis panned = axis.panned(0.5);
    CHECK(panned.low == 0);
    CHECK(panned.unitOf(15) == 0.25);
    CHECK(std::abs(axis.zoomed(0.5, 0.25).valueAt(0.25) - 25) < 1e-9);
    const auto ticks = axis.ticks(5);
    CHECK(std::ranges::is_sorted(ticks, std::ranges::greater(), &Tick::value));
}

TEST_CASE("Half of the widest gap of a format's levels is the largest rounding", "[value_view]") {
    CHECK(std::abs(largestRounding({quant::integerFormat(4, true), 1.75f}) - 0.125) < 1e-6);
    // 6 and 4 are the largest elements.
    CHECK(std::abs(largestRounding({quant::numberFormatFrom("fp4-e2m1"), 6.0f}) - 1) < 1e-6);
    CHECK(largestRounding({quant::integerFormat(4, true), 0.0f}) == 1);
}

TEST_CASE("The value view looks as it did", "[device][value_view]") {
    if (isSwiftShader()) return;  // whose text and edges differ
    Session session = modelSession("features.4.weight");
    checkPicture("values_dark", ExplorerView(session, {1280, 720, 1}).finished());
    session.theme = Appearance::Light;
    session.values.what = ShownValues::Difference;
    checkPicture("values_light", ExplorerView(session, {1280, 720, 1}).finished());
    session.values.what = ShownValues::Quantized;
    session.values.slice = {3, 2};
    checkPicture("values_small", ExplorerView(session, {320, 240, 1}).finished());
}

}  // namespace tests
