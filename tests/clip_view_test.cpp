#include "app/plot/theme.h"
#include "quant/analysis.h"
#include "quant/sweep.h"
#include "tests/device_fixture.h"
#include "tests/explorer_fixture.h"
#include "tests/explorer_view.h"
#include "tests/picture_difference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tests {

using app::Figure;
using app::LaidOutFigure;
using app::Picture;
using app::PictureSize;
using app::Session;

namespace {

// A curve alone, so that its pixels are told by their colour.
Session lonelyCurve(uint32_t bits) {
    Session session = sampleSession("features.14.weight");
    session.bits = {bits};
    session.chosenBits = bits;
    session.methods.clear();
    session.shown = {.measured = true,
                     .modelled = false,
                     .iterates = false,
                     .levels = false,
                     .quantizedHistogram = false,
                     .legend = false};
    return session;
}

bool isLike(uint32_t pixel, uint32_t colour) {
    for (int channel = 0; channel < 24; channel += 8) {
        const int difference =
            static_cast<int>(pixel >> channel & 255) - static_cast<int>(colour >> channel & 255);
        if (std::abs(difference) > 40) return false;
    }
    return true;
}

// The middle of the pixels of that colour in a column of the plot, in pixels; NaN without any.
double middleInColumn(const Picture& picture, const app::Rect& plot, float x, uint32_t colour) {
    double sum = 0, count = 0;
    for (float y = plot.top + 1; y < plot.bottom - 1; ++y) {
        if (!isLike(pixelAt(picture, x, y), colour)) continue;
        sum += y + 0.5;
        ++count;
    }
    return sum / count;
}

// The part of a picture of scale 1 that lies in a rectangle.
Picture cropped(const Picture& picture, const app::Rect& rect) {
    const auto left = static_cast<uint32_t>(rect.left), top = static_cast<uint32_t>(rect.top);
    Picture part{.width = static_cast<uint32_t>(rect.right) - left,
                 .height = static_cast<uint32_t>(rect.bottom) - top,
                 .pixels = {}};
    for (uint32_t row = 0; row < part.height; ++row) {
        const auto begin = picture.pixels.begin() + 4 * ((top + row) * picture.width + left);
        part.pixels.insert(part.pixels.end(), begin, begin + 4 * part.width);
    }
    return part;
}

quant::Sweep sweepOf(const Session& session, double low, double high) {
    const auto file = quant::openTensorFile(session.inputs.front());
    quant::Analyzer analyzer(device(), uint64_t{64} << 20);
    for (size_t i = 0; i < file->tensors().size(); ++i) {
        if (file->tensors()[i].name != session.tensor) continue;
        return quant::sweep(analyzer, *file, i,
                            {.bits = session.chosenBits, .points = 64, .range = std::pair(low, high)});
    }
    return {};
}

}  // namespace

TEST_CASE("A drawn curve passes through what sweep measures, to a pixel", "[device][explorer]") {
    Session session = lonelyCurve(4);
    // The clip line is in the way of none of the points.
    session.clip = 0.001;
    Viewer viewer(session);
    const Picture picture = viewer.offscreen.finished();
    const LaidOutFigure& errors = viewer.explorer.figures().at(0);
    const app::Rect& plot = errors.layout.plot;
    const uint32_t colour = app::bitsStyle(app::darkTheme(), 4).colour;
    const quant::Sweep sweep = sweepOf(session, errors.figure.x.low * 1.05, errors.figure.x.high / 1.05);
    int seen = 0;
    for (size_t i = 0; i < sweep.clips.size(); ++i) {
        const glm::vec2 expected = placeOf(errors, sweep.clips[i], sweep.measured[i]);
        const double drawn = middleInColumn(picture, plot, expected.x, colour);
        if (std::isnan(drawn)) continue;  // between two dashes
        INFO("clip " << sweep.clips[i]);
        CHECK(std::abs(drawn - expected.y) <= 1.5);
        ++seen;
    }
    CHECK(seen > 32);
}

TEST_CASE("The drawn minimum lies where the numbers say, within a pixel", "[device][explorer]") {
    for (const uint32_t bits : {2u, 4u}) {
        Session session = lonelyCurve(bits);
        Viewer viewer(session);
        viewer.offscreen.finished();
        const LaidOutFigure& errors = viewer.explorer.figures().at(0);
        const auto& curve = viewer.explorer.workspace().curves().answer().curves.at(0);
        REQUIRE(curve.minima.size() == 1);
        const quant::Sweep sweep = sweepOf(session, curve.minima[0].clip * 0.9, curve.minima[0].clip * 1.1);
        const auto least = std::ranges::min_element(sweep.measured) - sweep.measured.begin();
        const glm::vec2 expected = placeOf(errors, sweep.clips[static_cast<size_t>(least)],
                                           sweep.measured[static_cast<size_t>(least)]);
        const glm::vec2 marked = placeOf(errors, curve.minima[0].clip, curve.minima[0].mse);
        // Along x the minimum is flat: a step of the curve's points.
        CHECK(std::abs(marked.x - expected.x) <= 6);
        CHECK(std::abs(marked.y - expected.y) <= 0.5);
    }
}

TEST_CASE("The clip line stands at octav's exact clip until it is moved", "[device][explorer][bounds]") {
    Session session = sampleSession("features.14.weight");
    Viewer viewer(session);
    viewer.offscreen.finished();
    const auto* octav = viewer.explorer.workspace().methods().find("octav");
    REQUIRE(octav);
    const auto grid = viewer.explorer.workspace().grid(viewer.explorer.session());
    REQUIRE(grid);
    CHECK(grid->clip == octav->clip.at(0));
    const auto& readout = viewer.explorer.workspace().readout().latest();
    REQUIRE(readout);
    CHECK(readout->mse == octav->mse);
    CHECK(readout->sqnrDb == octav->sqnrDb);
    CHECK(readout->clippedFraction == octav->clippedFraction);
}

TEST_CASE("Both plots of the clip view share their x axis", "[device][explorer]") {
    Viewer viewer(sampleSession("features.0.weight"));
    viewer.offscreen.finished();
    const auto& figures = viewer.explorer.figures();
    REQUIRE(figures.size() == 2);
    CHECK(figures[0].layout.plot.left == figures[1].layout.plot.left);
    CHECK(figures[0].layout.plot.right == figures[1].layout.plot.right);
    CHECK(figures[0].figure.x.low == figures[1].figure.x.low);
    CHECK(figures[0].figure.x.high == figures[1].figure.x.high);
}

TEST_CASE("A curve that moves by two pixels is told from the one before", "[device][explorer]") {
    const auto drawn = [&](float factor) {
        const quant::tests::TempFolder folder;
        Session session = lonelyCurve(4);
        session.inputs = sessionOf(folder, gaussians(4096, 5, factor), {4096}, app::View::Clip).inputs;
        session.tensor.clear();
        // Axes and clip line stay where they are.
        session.clips.bounds = {0.1, 10};
        session.errors.bounds = {1e-4, 1};
        session.clip = 0.2;
        Viewer viewer(session);
        const Picture picture = viewer.offscreen.finished();
        return std::pair(picture, viewer.explorer.figures().at(0).layout.plot);
    };
    const auto [before, plot] = drawn(1);
    // Errors are squares: they move by twice the octaves of the values.
    const auto [after, samePlot] = drawn(std::pow(1e4f, 1 / plot.height()));
    const auto [again, againPlot] = drawn(1);
    CHECK(plot.height() == samePlot.height());
    CHECK(difference(cropped(before, plot), cropped(after, samePlot)).pixels > 8);
    CHECK(difference(cropped(before, plot), cropped(again, againPlot)).pixels == 0);
}

TEST_CASE("Drawing the same session twice gives the same picture", "[device][explorer]") {
    const Session session = sampleSession("features.4.weight");
    Viewer one(session), other(session);
    CHECK(one.offscreen.finished() == other.offscreen.finished());
}

TEST_CASE("Each step of the work is drawn, and the last is the finished picture", "[device][explorer]") {
    Session session = sampleSession("features.14.weight");
    session.bits = {4};
    session.methods = {"octav"};
    Viewer stepped(session), whole(session);
    const Picture finished = whole.offscreen.finished();
    const Picture first = stepped.offscreen.afterPauses(1);
    CHECK(difference(first, finished).pixels > 100);
    for (int step = 0; step < 400 && stepped.explorer.isBusy(); ++step) stepped.offscreen.afterPauses(4);
    CHECK(difference(stepped.offscreen.finished(), finished).pixels == 0);
}

TEST_CASE("Nothing of another tensor is shown as that of one that is still read", "[device][explorer]") {
    Session session = sampleSession("features.4.weight");
    session.bits = {4};
    session.methods = {"octav"};
    Viewer viewer(session);
    viewer.offscreen.finished();
    REQUIRE(viewer.explorer.workspace().readout().latest());
    session.tensor = "features.0.weight";
    viewer.explorer.show(session);
    viewer.offscreen.frame();
    CHECK_FALSE(viewer.explorer.workspace().readout().latest());
    CHECK(viewer.explorer.workspace().methods().results().empty());
    viewer.offscreen.finished();
    CHECK(viewer.explorer.workspace().readout().latest()->question.place.info().name == session.tensor);
}

TEST_CASE("Bounds of the session hold whatever tensor is shown", "[device][explorer]") {
    Session session = sampleSession("features.0.weight");
    session.bits = {4};
    session.methods = {"octav"};
    session.clips.bounds = {0.05, 0.3};
    Viewer viewer(session);
    viewer.offscreen.finished();
    CHECK(viewer.explorer.figures().at(0).figure.x.low == 0.05);
    session.tensor = "features.4.weight";
    viewer.explorer.show(session);
    viewer.offscreen.finished();
    CHECK(viewer.explorer.figures().at(0).figure.x.low == 0.05);
    CHECK(viewer.explorer.figures().at(0).figure.x.high == 0.3);
}

TEST_CASE("Points lie dense where the view has zoomed to", "[device][explorer]") {
    Session session = sampleSession("features.4.weight");
    session.bits = {4};
    session.methods = {"octav"};
    session.clips.bounds = {0.09, 0.0901};
    Viewer viewer(session);
    viewer.offscreen.finished();
    const auto& answer = viewer.explorer.workspace().curves().answer();
    std::vector<float> clips(answer.curves.at(0).clips.count);
    engine::readBack(device(), answer.curves.at(0).clips.range, std::as_writable_bytes(std::span(clips)));
    CHECK(std::ranges::is_sorted(clips));
    CHECK(std::ranges::count_if(clips, [](float clip) { return clip >= 0.09f && clip <= 0.0901f; }) > 100);
}

TEST_CASE("The clip view is drawn for every scale of its axes and every shape of tensor",
          "[device][explorer]") {
    for (const char* tensor : {"features.1.num_batches_tracked", "features.1.bias", "features.0.weight"}) {
        for (const auto scale : {app::AxisScale::Linear, app::AxisScale::Log, app::AxisScale::Symlog}) {
            Session session = sampleSession(tensor);
            session.clips.scale = session.errors.scale = session.counts.scale = scale;
            Viewer viewer(session, {.width = 400, .height = 300});
            CHECK(viewer.offscreen.finished().width == 400);
        }
    }
}

TEST_CASE("Pictures of the clip view are as they were", "[device][explorer][golden]") {
    if (!hasGoldens()) return;
    for (const auto theme : {app::Appearance::Dark, app::Appearance::Light}) {
        const std::string suffix = theme == app::Appearance::Dark ? "dark" : "light";
        Session session = sampleSession("features.14.weight");
        session.theme = theme;
        Viewer plain(session);
        checkPicture("clip_" + suffix, plain.offscreen.finished());
        session.clips = {app::AxisScale::Linear, {}};
        session.clip = 0.05;
        session.reference = "features.4.weight";
        Viewer linear(session, {.width = 800, .height = 600});
        checkPicture("clip_linear_" + suffix, linear.offscreen.finished());
    }
    Session small = sampleSession("features.0.weight");
    Viewer tiny(small, {.width = 320, .height = 240, .scale = 1.5f});
    checkPicture("clip_small", tiny.offscreen.finished());
}

}  // namespace tests
