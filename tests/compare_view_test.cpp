#include "app/explorer/compare_figures.h"
#include "app/explorer/compare_task.h"
#include "tests/cli_checks.h"
#include "tests/device_fixture.h"
#include "tests/explorer_fixture.h"
#include "tests/picture_difference.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <variant>

namespace tests {

using namespace app;
using Catch::Matchers::WithinAbs;

namespace {

const std::string convolution = "features.4.weight";

Session compareSession(BarGrouping grouping = BarGrouping::Method) {
    Session session = sampleSession(convolution);
    session.view = View::Compare;
    session.compare.grouping = grouping;
    return session;
}

quant::ComparisonCell cell(const char* method, const char* format, const char* granularity, double sqnrDb,
                           bool isMeasured = true) {
    return {.method = quant::methodFrom(method),
            .format = quant::numberFormatFrom(format),
            .granularity = quant::granularityFrom(granularity),
            .squared = std::pow(10, -sqnrDb / 10),
            .sqnrDb = sqnrDb,
            .isMeasured = isMeasured};
}

// Every combination, of which the whole tensor's are estimated.
std::vector<quant::ComparisonCell> sampleCells() {
    std::vector<quant::ComparisonCell> cells;
    double sqnr = 1;
    for (const char* granularity : {"tensor", "channel"}) {
        for (const char* method : {"octav", "max", "mse"}) {
            for (const char* format : {"int4", "int8"})
                cells.push_back(
                    cell(method, format, granularity, sqnr += 1.5, std::string(granularity) != "tensor"));
        }
    }
    return cells;
}

std::vector<CompareChart> chartsOf(const std::vector<quant::ComparisonCell>& cells, BarGrouping grouping,
                                   const std::vector<quant::ComparisonCell>& reference = {}) {
    const CompareState state{.grouping = grouping};
    return compareCharts({state, cells, reference, "other", darkTheme()});
}

std::vector<std::string> seriesNames(const BarChart& chart) {
    std::vector<std::string> names;
    for (const auto& series : chart.series) names.push_back(series.name);
    return names;
}

std::vector<Boxes::Box> boxesOf(const LaidOutFigure& figure) {
    return std::get<Boxes>(figure.figure.layers.front()).boxes;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("Grouped by method, there is a chart per granularity with bars of formats", "[compare_view]") {
    const auto charts = chartsOf(sampleCells(), BarGrouping::Method);
    REQUIRE(charts.size() == 2);
    CHECK(charts[0].chart.title == "one clip for the tensor");
    CHECK(charts[1].chart.title == "a clip per channel");
    for (const CompareChart& chart : charts) {
        CHECK(chart.chart.groups == Names{"octav", "max", "mse"});
        CHECK(seriesNames(chart.chart) == Names{"int4", "int8"});
        CHECK(chart.chart.bars.size() == 6);
    }
}

TEST_CASE("Grouped by format, bars are methods; by granularity, there is a chart per format",
          "[compare_view]") {
    const auto formats = chartsOf(sampleCells(), BarGrouping::Format);
    REQUIRE(formats.size() == 2);
    CHECK(formats[0].chart.groups == Names{"int4", "int8"});
    CHECK(seriesNames(formats[0].chart) == Names{"octav", "max", "mse"});
    const auto granularities = chartsOf(sampleCells(), BarGrouping::Granularity);
    REQUIRE(granularities.size() == 2);
    CHECK(granularities[0].chart.title == "int4");
    CHECK(granularities[0].chart.groups == Names{"tensor", "channel"});
    CHECK(seriesNames(granularities[0].chart) == Names{"octav", "max", "mse"});
}

TEST_CASE("However they are grouped, every cell is one bar of its own SQNR", "[compare_view]") {
    const auto cells = sampleCells();
    for (const BarGrouping grouping : {BarGrouping::Method, BarGrouping::Format, BarGrouping::Granularity}) {
        std::set<size_t> seen;
        for (const CompareChart& chart : chartsOf(cells, grouping)) {
            std::set<std::pair<size_t, size_t>> places;
            for (size_t bar = 0; bar < chart.cells.size(); ++bar) {
                const auto& shown = chart.chart.bars[bar];
                CHECK(shown.value == cells[chart.cells[bar]].sqnrDb);
                CHECK(places.emplace(shown.group, shown.series).second);
                CHECK(seen.insert(chart.cells[bar]).second);
            }
        }
        CHECK(seen.size() == cells.size());
    }
}

TEST_CASE("The best method of each format and granularity is marked", "[compare_view]") {
    for (const CompareChart& chart : chartsOf(sampleCells(), BarGrouping::Format)) {
        for (const auto& bar : chart.chart.bars)
            CHECK(bar.isBest == (chart.chart.series[bar.series].name == "mse"));
    }
}

TEST_CASE("A single method has no rivals to be better than", "[compare_view]") {
    const std::vector cells = {cell("octav", "int4", "tensor", 20)};
    CHECK(!chartsOf(cells, BarGrouping::Method)[0].chart.bars[0].isBest);
}

TEST_CASE("Estimates are pale and say so", "[compare_view]") {
    const auto charts = chartsOf(sampleCells(), BarGrouping::Method);
    CHECK(charts[0].chart.bars[0].isPale);
    CHECK(charts[0].chart.bars[0].label == "≈ 2.5");
    CHECK(!charts[1].chart.bars[0].isPale);
    CHECK(charts[1].chart.bars[0].label == "11.5");
}

TEST_CASE("Bars of different colours stay within their formats", "[compare_view]") {
    const std::vector cells = {cell("octav", "int4", "tensor", 20), cell("octav", "fp4-e2m1", "tensor", 21),
                               cell("octav", "mxfp4", "group:32", 22), cell("octav", "nvfp4", "group:16", 23),
                               cell("octav", "int4", "channel", 24)};
    const auto charts = chartsOf(cells, BarGrouping::Method);
    REQUIRE(charts.size() == 2);
    CHECK(charts[0].chart.bars.size() == 4);  // blocks stand beside the whole tensor
    CHECK(charts[1].chart.bars.size() == 1);
    std::set<Colour> colours;
    for (const auto& series : charts[0].chart.series) colours.insert(series.colour);
    CHECK(colours.size() == 4);
}

TEST_CASE("What errs nowhere reaches the end of the axis and is called exact", "[compare_view]") {
    auto exact = cell("octav", "fp16", "tensor", 0);
    exact.squared = 0;
    exact.sqnrDb.reset();
    const auto charts = chartsOf({cell("octav", "int8", "tensor", 40), exact}, BarGrouping::Method);
    CHECK(charts[0].chart.bars[1].label == "exact");
    CHECK(charts[0].chart.bars[1].value == charts[0].chart.x.high);
}

TEST_CASE("A reference is marked on the bars of the same cells", "[compare_view]") {
    const std::vector reference = {cell("max", "int8", "channel", 33)};
    const auto cells = sampleCells();
    for (const CompareChart& chart : chartsOf(cells, BarGrouping::Method, reference)) {
        for (size_t bar = 0; bar < chart.cells.size(); ++bar) {
            const auto& shown = cells[chart.cells[bar]];
            const bool isSame = shown.method.name() == "max" && shown.format.bits == 8 &&
                                shown.granularity.name() == "channel";
            CHECK(chart.chart.bars[bar].reference == (isSame ? std::optional(33.0) : std::nullopt));
        }
    }
}

TEST_CASE("Granularities that a tensor lacks or that say nothing are left out", "[compare_view]") {
    const auto named = [](const std::vector<uint64_t>& shape) {
        const auto info = quant::makeTensorInfo("t", quant::DType::F32, shape).value();
        Names names;
        for (const auto& granularity : granularitiesFor(
                 info, {{}, quant::granularityFrom("channel"), quant::granularityFrom("channel:1")}))
            names.push_back(granularity.name());
        return names;
    };
    CHECK(named({8, 4}) == Names{"tensor", "channel", "channel:1"});
    CHECK(named({8, 1}) == Names{"tensor", "channel:1"});
    CHECK(named({8}) == Names{"tensor"});
    CHECK(named({}) == Names{"tensor"});
}

TEST_CASE("Bars end within a pixel of the SQNR that the command line gives", "[device][cli][compare_view]") {
    const app::tests::Json report =
        app::tests::reportOf("compare", {app::tests::sample, "--filter", convolution, "--bits", "2,3,4,6,8",
                                         "--granularity", "tensor,channel"});
    Viewer viewer(compareSession());
    const Picture picture = viewer.offscreen.finished();
    const auto& cells = viewer.explorer.workspace().comparison().cells();
    REQUIRE(cells.size() == 50);
    REQUIRE(viewer.explorer.figures().size() == 2);
    size_t checked = 0;
    for (const auto& expected : report["tensors"][0]["results"]) {
        const std::string name =
            expected["method"].get<std::string>() + " " + (expected["signed"].get<bool>() ? "int" : "uint") +
            std::to_string(expected["bits"].get<int>()) + " " + expected["granularity"].get<std::string>();
        for (const LaidOutFigure& figure : viewer.explorer.figures()) {
            for (const Boxes::Box& box : boxesOf(figure)) {
                if (box.name != name) continue;
                const auto should =
                    placeOf(figure, expected["sqnr_db"].get<double>(), (box.bottom + box.top) / 2);
                const auto is = placeOf(figure, box.right, (box.bottom + box.top) / 2);
                CHECK_THAT(is.x, WithinAbs(should.x, 1));
                // Off the marks of the best in the middle.
                const float y = placeOf(figure, 0, box.top).y + 2;
                if (should.x - 3 > figure.layout.plot.left)
                    CHECK(pixelAt(picture, should.x - 3, y) == box.colour);
                CHECK(pixelAt(picture, should.x + 3, y) != box.colour);
                ++checked;
            }
        }
    }
    CHECK(checked == 50);
}

TEST_CASE("Bars appear as they are computed, and stay where they are", "[device][compare_view]") {
    Viewer viewer(compareSession());
    Viewer whole(compareSession());
    whole.offscreen.finished();
    const auto& all = whole.explorer.workspace().comparison().cells();
    size_t seen = 0, steps = 0;
    while (viewer.explorer.workspace().comparison().cells().size() < all.size()) {
        viewer.offscreen.afterPauses(4);
        const auto& cells = viewer.explorer.workspace().comparison().cells();
        if (cells.size() > seen) ++steps;
        seen = cells.size();
        for (size_t i = 0; i < seen; ++i) CHECK(cells[i].squared == all[i].squared);
    }
    CHECK(steps > 3);
}

TEST_CASE("Only the compare view compares", "[device][compare_view]") {
    Session session = compareSession();
    session.view = View::Clip;
    Viewer viewer(session);
    viewer.offscreen.finished();
    CHECK(viewer.explorer.workspace().comparison().cells().empty());
}

TEST_CASE("Block scales, affine grids and methods that mean nothing stand side by side",
          "[device][compare_view]") {
    Session session = compareSession(BarGrouping::Format);
    for (const char* format : {"int4", "int4-affine", "mxfp4", "nvfp4"})
        session.compare.formats.push_back(quant::numberFormatFrom(format));
    Viewer viewer(session);
    viewer.offscreen.finished();
    std::set<std::string> shown;
    for (const auto& one : viewer.explorer.workspace().comparison().cells())
        shown.insert(one.method.name() + " " + one.format.name() + " " + one.granularity.name());
    CHECK(shown.contains("mse int4-affine channel"));
    CHECK(shown.contains("max mxfp4 group:32"));
    CHECK(shown.contains("octav nvfp4 group:16"));
    CHECK(!shown.contains("percentile:99.9 mxfp4 group:32"));
    CHECK(viewer.explorer.workspace().comparison().problem().empty());
}

TEST_CASE("Where two charts have no room one is shown", "[device][compare_view]") {
    Viewer viewer(compareSession(), {320, 240});
    viewer.offscreen.finished();
    CHECK(viewer.explorer.figures().size() == 1);
}

TEST_CASE("The compare view looks as it did", "[device][compare_view]") {
    if (!hasGoldens()) return;
    Session session = compareSession(BarGrouping::Format);
    checkPicture("compare_dark", Viewer(session).offscreen.finished());
    session.theme = Appearance::Light;
    session.compare.grouping = BarGrouping::Method;
    session.reference = "features.14.weight";
    checkPicture("compare_light", Viewer(session).offscreen.finished());
    session.compare.grouping = BarGrouping::Granularity;
    checkPicture("compare_small", Viewer(session, {400, 300}).offscreen.finished());
}

}  // namespace tests
