#include "app/explorer/channel_view.h"

#include "app/explorer/channel_figures.h"
#include "app/plot/colour_map.h"
#include "engine/commands.h"
#include "quant/analysis.h"
#include "tests/device_fixture.h"
#include "tests/explorer_view.h"
#include "tests/memory_tensor.h"
#include "tests/picture_difference.h"
#include "tests/reference.h"
#include "tests/sample_data.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace tests {

using namespace app;
using quant::tests::TempFolder;

namespace {

bool isSwiftShader() {
    const char* driver = std::getenv("CLIPSCOPE_TEST_DRIVER");
    return driver && std::string(driver) == "swiftshader";
}

// Channels of one size each, larger from one to the next.
std::vector<float> risingChannels(uint64_t channels, uint64_t elements) {
    std::vector<float> values = gaussians(channels * elements, 11);
    for (uint64_t i = 0; i < values.size(); ++i)
        values[i] *= 1 + static_cast<float>(i / elements) * 3 / static_cast<float>(channels);
    return values;
}

std::vector<float> clipsOf(const MemoryTensor& tensor, const std::string& method, uint32_t axis = 0) {
    quant::AnalysisOptions options;
    options.methods = {quant::methodFrom(method)};
    options.granularity = {quant::Granularity::Kind::Channel, axis};
    quant::Analyzer analyzer(device(), uint64_t{256} << 20);
    return analyzer.analyze(tensor, 0, options).results.at(0).clip;
}

template <class Kind>
Kind layerNamed(const Figure& figure, const std::string& name) {
    for (const Layer& layer : figure.layers) {
        const auto* found = std::get_if<Kind>(&layer);
        if (found && found->name == name) return *found;
    }
    throw std::runtime_error("no layer is named " + name);
}

std::vector<float> read(const DeviceFloats& floats) {
    std::vector<float> values(floats.count);
    engine::readBack(device(), floats.range, std::as_writable_bytes(std::span(values)));
    return values;
}

HeatMap mapOf(const ExplorerView& view) {
    return layerNamed<HeatMap>(view.figure(0).figure, "mean squared error");
}

std::vector<uint64_t> selected(const ExplorerView& view) {
    return view.explorer.session().channels.selected;
}

Session modelSession(const std::string& tensor) {
    Session session;
    session.inputs = {sourceFile("assets/fashion_cnn.safetensors")};
    session.tensor = tensor;
    session.view = View::Channels;
    session.isTableShown = false;
    return session;
}

}  // namespace

TEST_CASE("A dash lies at the octav clip of every channel, along any axis", "[device][channel_view]") {
    const TempFolder folder;
    const auto values = risingChannels(12, 7 * 40);
    for (const uint32_t axis : {0u, 1u}) {
        const MemoryTensor tensor(values, quant::DType::F32, {12, 7, 40});
        const auto expected = clipsOf(tensor, "octav", axis);
        Session session = sessionOf(folder, values, {12, 7, 40}, View::Channels);
        session.channels.axis = axis;
        ExplorerView view(session);
        const Picture picture = view.finished();
        const Path dashes = layerNamed<Path>(view.figure(0).figure, "best clip of each channel");
        REQUIRE(dashes.x.size() == 3 * expected.size());
        for (size_t row = 0; row < expected.size(); ++row) {
            CHECK(dashes.x[3 * row] == double{expected[row]});
            const double middle = static_cast<double>(row) + 0.5;
            CHECK(dashes.y[3 * row] < middle);
            CHECK(dashes.y[3 * row + 1] > middle);
            CHECK(colourDifference(view.colourAt(picture, 0, double{expected[row]}, middle), 0xffffffff) <
                  64);
        }
    }
}

TEST_CASE("The least error of each row of the map lies at the channel's best clip of method mse",
          "[device][channel_view]") {
    const TempFolder folder;
    constexpr uint64_t channels = 10, elements = 6'000;
    const auto values = risingChannels(channels, elements);
    const MemoryTensor tensor(values, quant::DType::F32, {channels, elements});
    const auto best = clipsOf(tensor, "mse");
    ExplorerView view(sessionOf(folder, values, {channels, elements}, View::Channels));
    view.finished();
    const HeatMap map = mapOf(view);
    const auto cells = read(map.cells), edges = read(map.edges);
    REQUIRE(map.rows == channels);
    for (uint64_t row = 0; row < channels; ++row) {
        const auto begin = cells.begin() + static_cast<ptrdiff_t>(row * map.columns);
        const auto least = std::min_element(begin, begin + map.columns) - begin;
        const auto at = std::ranges::upper_bound(edges, best[row]) - edges.begin() - 1;
        INFO("channel " << row << ": column " << least << ", the optimum in " << at);
        CHECK(std::abs(least - at) <= 1);
    }
}

TEST_CASE("A cell of the map has the colour of the channel's mean squared error there",
          "[device][channel_view]") {
    const TempFolder folder;
    constexpr uint64_t channels = 5, elements = 300;
    const auto values = risingChannels(channels, elements);
    ExplorerView view(sessionOf(folder, values, {channels, elements}, View::Channels), {1280, 720, 1});
    const Picture picture = view.finished();
    const HeatMap map = mapOf(view);
    const auto edges = read(map.edges);
    const auto format = quant::integerFormat(4, true);
    for (uint64_t row = 0; row < channels; ++row) {
        const std::span channel = std::span(values).subspan(row * elements, elements);
        for (const uint32_t column : {10u, 40u, 70u}) {
            const double clip = std::sqrt(double{edges[column]} * double{edges[column + 1]});
            const double error =
                reference::exactError(channel, {format, static_cast<float>(clip)}).squared / elements;
            const double unit = std::log2(error / map.low) / std::log2(map.high / map.low);
            const Colour expected = mapped(sequentialMap(), static_cast<float>(unit));
            // Where neither a dash nor a frame lies.
            const Colour shown = view.colourAt(picture, 0, clip, static_cast<double>(row) + 0.3);
            INFO("channel " << row << ", clip " << clip << ": " << error);
            CHECK(colourDifference(shown, expected) <= 6);
        }
    }
}

TEST_CASE("A click selects a channel, with Ctrl it is added or taken away", "[device][channel_view]") {
    const TempFolder folder;
    ExplorerView view(sessionOf(folder, risingChannels(9, 100), {9, 100}, View::Channels));
    view.finished();
    const double clip = view.figure(0).figure.x.valueAt(0.25);
    using Channels = std::vector<uint64_t>;
    view.point(0, clip, 4.5);
    view.click();
    CHECK(selected(view) == Channels{4});
    CHECK_NOTHROW(layerNamed<Curve>(view.figure(1).figure, "channel 4"));
    view.hold(ImGuiKey_LeftCtrl, true);
    view.point(0, clip, 7.5);
    view.click();
    CHECK(selected(view) == Channels{4, 7});
    view.point(0, clip, 4.5);
    view.click();
    CHECK(selected(view) == Channels{7});
    view.hold(ImGuiKey_LeftCtrl, false);
    view.press(ImGuiKey_DownArrow);
    CHECK(selected(view) == Channels{8});
    view.press(ImGuiKey_DownArrow);
    CHECK(selected(view) == Channels{8});
    view.press(ImGuiKey_UpArrow);
    CHECK(selected(view) == Channels{7});
}

TEST_CASE("A selected channel's curve is its row of the map", "[device][channel_view][bounds]") {
    const TempFolder folder;
    Session session = sessionOf(folder, risingChannels(6, 200), {6, 200}, View::Channels);
    session.channels.selected = {2, 99};
    ExplorerView view(session);
    view.finished();
    const HeatMap map = mapOf(view);
    const Figure& curves = view.figure(1).figure;
    const auto cells = read(map.cells), row = read(layerNamed<Curve>(curves, "channel 2").y);
    CHECK(std::ranges::equal(row, std::span(cells).subspan(2 * map.columns, map.columns)));
    CHECK_THROWS(layerNamed<Curve>(curves, "channel 99"));
    CHECK_NOTHROW(layerNamed<Curve>(curves, "the tensor"));
}

TEST_CASE("The map fills step by step and ends the same", "[device][channel_view]") {
    Session session = modelSession("features.14.weight");
    session.bits = {4};
    ExplorerView view(session);
    std::vector<Picture> pictures;
    for (int frame = 0; frame < 40 && view.explorer.isBusy() | (frame == 0); ++frame)
        pictures.push_back(view.offscreen.afterPauses(2));
    const Picture last = view.finished();
    CHECK(!(pictures.front() == last));
    const auto distinct = [&] {
        size_t count = 1;
        for (size_t i = 1; i < pictures.size(); ++i) count += !(pictures[i] == pictures[i - 1]);
        return count;
    };
    CHECK(distinct() >= 3);
    ExplorerView again(session);
    CHECK(again.finished() == last);
}

TEST_CASE("Another view leaves the map to be finished later", "[device][channel_view]") {
    Session session = modelSession("features.14.weight");
    session.bits = {4};
    ExplorerView view(session);
    for (int frame = 0; frame < 12; ++frame) view.offscreen.afterPauses(2);
    session.view = View::Clip;
    view.explorer.show(session);
    view.finished();
    session.view = View::Channels;
    view.explorer.show(session);
    const Picture picture = view.finished();
    CHECK(ExplorerView(session).finished() == picture);
}

TEST_CASE("Tensors without channels to compare are explained", "[device][channel_view]") {
    const TempFolder folder;
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    struct Case {
        std::vector<float> values;
        std::vector<uint64_t> shape;
        size_t figures;
    };
    const Case cases[] = {{{1.5f}, {}, 0},
                          {{}, {0, 4}, 0},
                          {gaussians(50, 1), {50}, 0},
                          {std::vector<float>(12, 0.0f), {3, 4}, 0},
                          {std::vector<float>(12, nan), {3, 4}, 0},
                          {gaussians(300, 2), {1, 300}, 2},
                          {gaussians(5000 * 2, 3), {5000, 2}, 0},
                          {gaussians(4096 * 2, 4), {4096, 2}, 2}};
    for (const Case& some : cases) {
        ExplorerView view(sessionOf(folder, some.values, some.shape, View::Channels));
        view.finished();
        INFO(some.shape.size() << " axes, " << some.values.size() << " elements");
        CHECK(view.explorer.figures().size() == some.figures);
    }
    Session session = sessionOf(folder, gaussians(5000 * 2, 3), {5000, 2}, View::Channels);
    session.channels.axis = 1;
    ExplorerView view(session);
    view.finished();
    CHECK(view.explorer.figures().size() == 2);
}

TEST_CASE("Channels of zeros alone have no dash", "[device][channel_view]") {
    const TempFolder folder;
    std::vector<float> values = risingChannels(4, 50);
    std::fill_n(values.begin() + 50, 50, 0.0f);
    ExplorerView view(sessionOf(folder, values, {4, 50}, View::Channels));
    view.finished();
    const Path dashes = layerNamed<Path>(view.figure(0).figure, "best clip of each channel");
    REQUIRE(dashes.y.size() == 9);
    CHECK(dashes.y[3] == 2);
}

TEST_CASE("Formats without a single clip are explained", "[channel_view]") {
    const auto info = quant::makeTensorInfo("t", quant::DType::F32, {4, 5}).value();
    CHECK(channelsProblem(info, 0, quant::integerFormat(4, true)).empty());
    CHECK(channelsProblem(info, 0, quant::numberFormatFrom("mxfp4")).contains("mxfp4"));
    CHECK(channelsProblem(info, 2, quant::integerFormat(4, true)).contains("axis 2"));
}

TEST_CASE("The channel view looks as it did", "[device][channel_view]") {
    if (isSwiftShader()) return;  // whose text and edges differ
    Session session = modelSession("features.4.weight");
    checkPicture("channels_dark", ExplorerView(session, {1280, 720, 1}).finished());
    session.theme = Appearance::Light;
    session.channels.axis = 1;
    session.channels.selected = {3, 0, 12};
    checkPicture("channels_light", ExplorerView(session, {1280, 720, 1}).finished());
    checkPicture("channels_small", ExplorerView(session, {320, 240, 1}).finished());
}

}  // namespace tests
