#include "app/explorer/device_figures.h"
#include "app/plot_option.h"
#include "tests/device_fixture.h"
#include "tests/explorer_fixture.h"
#include "tests/picture_difference.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <variant>

namespace tests {

using namespace app;

namespace {

DeviceTimings sampleTimings() {
    DeviceTimings timings{.elements = uint64_t{16} << 20, .frameSeconds = 0.0012, .hasTimestamps = true};
    const double bytes = 64 * 0x1p20;
    timings.kernels = {{"copy", 2 * bytes, 0.0005},         {"profile", bytes, 0.00035},
                       {"profile, refined", bytes, 0.0004}, {"histogram, 2048 bins", bytes, 0.0005},
                       {"error, 1 clip", bytes, 0.0003},    {"error curve, 8 clips", bytes, 0.002},
                       {"levels counted", bytes, 0.0008},   {"quantize and read back", 2 * bytes, 0.009}};
    return timings;
}

const Boxes& barsOf(const Figure& figure) {
    return std::get<Boxes>(figure.layers.front());
}

const Marks* lineOf(const Figure& figure) {
    for (const Layer& layer : figure.layers) {
        if (const Marks* marks = std::get_if<Marks>(&layer)) return marks;
    }
    return nullptr;
}

Picture pictureOf(const Theme& theme, uint32_t width, uint32_t height) {
    return figurePicture(
        device(), "", theme,
        [&](FigureList& figures, const Ui& ui, const Rect& area) {
            const BarRoom room{area.width() * 0.8f, area.height() - 70, ui.lineHeight()};
            figures.add({{deviceFigure(sampleTimings(), theme, room), area}});
        },
        width, height);
}

Session deviceSession() {
    Session session = sampleSession("features.0.weight");
    session.view = View::Device;
    return session;
}

}  // namespace

TEST_CASE("A kernel's bar is what it moves over the time it takes", "[device_view]") {
    const DeviceTimings timings = sampleTimings();
    const auto boxes = barsOf(deviceFigure(timings, darkTheme(), {800, 500, 16})).boxes;
    REQUIRE(boxes.size() == timings.kernels.size());
    for (size_t i = 0; i < boxes.size(); ++i) {
        const double expected = timings.kernels[i].bytes / *timings.kernels[i].seconds / 1e9;
        CHECK(std::abs(boxes[i].right - expected) < 1e-9 * expected);
        CHECK(boxes[i].name == timings.kernels[i].name);
    }
}

TEST_CASE("The line of the copy stands at the end of its bar", "[device_view]") {
    const Figure figure = deviceFigure(sampleTimings(), darkTheme(), {800, 500, 16});
    REQUIRE(lineOf(figure));
    CHECK(lineOf(figure)->at == std::vector<double>{barsOf(figure).boxes.front().right});
}

TEST_CASE("Kernels that are not measured yet have a name, but no bar", "[device_view]") {
    DeviceTimings timings = sampleTimings();
    for (size_t i = 2; i < timings.kernels.size(); ++i) timings.kernels[i].seconds.reset();
    const Figure figure = deviceFigure(timings, darkTheme(), {800, 500, 16});
    CHECK(barsOf(figure).boxes.size() == 2);
    CHECK(figure.rowNames.size() == timings.kernels.size());
    timings.kernels[0].seconds.reset();
    CHECK(lineOf(deviceFigure(timings, darkTheme(), {800, 500, 16})) == nullptr);
}

TEST_CASE("The device view measures every kernel and a frame, and frees what it took",
          "[device][device_view]") {
    Viewer viewer(deviceSession(), {640, 480});
    viewer.offscreen.afterPauses(1);
    Workspace& workspace = viewer.explorer.workspace();
    CHECK(!workspace.deviceTask().timings().isWhole());
    viewer.offscreen.finished();
    const DeviceTimings& timings = workspace.deviceTask().timings();
    CHECK(timings.isWhole());
    CHECK(timings.kernels.size() == 8);
    CHECK(std::ranges::all_of(timings.kernels, [](const auto& kernel) { return kernel.seconds > 0.0; }));
    const uint64_t before = device().allocatedBytes();
    workspace.deviceTask().again();
    CHECK(!timings.isWhole());
    viewer.offscreen.finished();
    CHECK(timings.isWhole());
    CHECK(device().allocatedBytes() == before);
}

TEST_CASE("Only the device view measures, and only once unless asked", "[device][device_view]") {
    Session session = deviceSession();
    session.view = View::Clip;
    Viewer viewer(session, {320, 240});
    viewer.offscreen.finished();
    DeviceTask& task = viewer.explorer.workspace().deviceTask();
    CHECK(task.timings().kernels.empty());
    session.view = View::Device;
    viewer.explorer.show(session);
    viewer.offscreen.afterPauses(3);
    session.view = View::Clip;
    viewer.explorer.show(session);
    viewer.offscreen.frame();
    CHECK(task.isDone());
    CHECK(task.timings().kernels.empty());
}

TEST_CASE("The device's speeds look as they did", "[device][device_view]") {
    if (!hasGoldens()) return;
    checkPicture("device_dark", pictureOf(darkTheme(), 1280, 720));
    checkPicture("device_light", pictureOf(lightTheme(), 1280, 720));
    checkPicture("device_small", pictureOf(lightTheme(), 360, 240));
}

}  // namespace tests
