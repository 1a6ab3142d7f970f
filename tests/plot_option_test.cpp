#include "app/plot_option.h"

#include "app/analyze_plot.h"
#include "app/plot/png_file.h"
#include "tests/cli_checks.h"
#include "tests/device_fixture.h"
#include "tests/explorer_fixture.h"
#include "tests/picture_difference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

using namespace app;
using namespace app::tests;

namespace {

const std::string tensor = "features.0.weight";

void checkPlot(const std::string& path) {
    const Picture picture = readPng(path);
    CHECK(picture.width == 1280);
    CHECK(picture.height == 720);
    const auto* pixels = reinterpret_cast<const uint32_t*>(picture.pixels.data());
    CHECK(std::ranges::adjacent_find(pixels, pixels + picture.pixels.size() / 4,
                                     std::ranges::not_equal_to()) != pixels + picture.pixels.size() / 4);
}

// An analysis of so many tensors, whose SQNR falls from 40 dB on, without a device.
struct Analysis {
    explicit Analysis(size_t tensors, quant::AnalysisOptions options_) : options(std::move(options_)) {
        for (size_t i = 0; i < tensors; ++i) {
            quant::TensorAnalysis analysis{.info = {.name = "layers." + std::to_string(i) + ".weight"}};
            for (const quant::Method& method : options.methods) {
                for (const uint32_t bits : options.bits) {
                    analysis.results.push_back(
                        {.method = method,
                         .format = quant::integerFormat(bits, true),
                         .mse = 1,
                         .sqnrDb = 5.0 * bits + 20.0 * std::sin(static_cast<double>(i * i)) * 0.2 -
                                   3.0 * static_cast<double>(analysis.results.size() / options.bits.size())});
                }
            }
            plot.add({0, i}, analysis);
        }
    }

    Selection selection;
    quant::AnalysisOptions options;
    engine::DeviceInfo device;
    AnalyzeRun run{selection, options, device};
    AnalyzePlot plot{run};
};

std::vector<quant::Method> methods(std::initializer_list<const char*> names) {
    std::vector<quant::Method> list;
    for (const char* name : names) list.push_back(quant::methodFrom(name));
    return list;
}

}  // namespace

TEST_CASE("Of few tensors all are charted, in their order", "[plot_option]") {
    const Analysis analysis(29, {.bits = {4}});
    const auto charts = analysis.plot.charts(darkTheme(), 590);
    CHECK(charts.title == "SQNR of 29 tensors, octav, 4 bits");
    REQUIRE(charts.charts.size() == 1);
    REQUIRE(charts.charts[0].groups.size() == 29);
    CHECK(charts.charts[0].groups.front() == "layers.0.weight");
    CHECK(charts.charts[0].groups.back() == "layers.28.weight");
}

TEST_CASE("Of many tensors the worst are charted, the worst first, and the title says so", "[plot_option]") {
    const Analysis analysis(300, {.bits = {4}});
    const auto charts = analysis.plot.charts(darkTheme(), 590);
    const BarChart& chart = charts.charts.at(0);
    CHECK(charts.title == "SQNR of the 29 worst of 300 tensors, octav, 4 bits");
    REQUIRE(chart.bars.size() == 29);
    CHECK(std::ranges::is_sorted(chart.bars, {}, &BarChart::Bar::value));
    const auto all = analysis.plot.charts(darkTheme(), 1e6f).charts.at(0).bars;
    REQUIRE(all.size() == 300);
    CHECK(chart.bars.front().value == std::ranges::min(all, {}, &BarChart::Bar::value).value);
    CHECK(std::ranges::count_if(all, [&](const auto& bar) { return bar.value < chart.bars.back().value; }) ==
          28);
}

TEST_CASE("Several methods and formats make a chart for each of three formats", "[plot_option]") {
    const Analysis analysis(3, {.bits = {2, 3, 4, 5, 6, 7, 8}, .methods = methods({"octav", "max"})});
    const auto charts = analysis.plot.charts(darkTheme(), 590);
    CHECK(charts.title == "SQNR of 3 tensors, 3 of 7 bit widths");
    REQUIRE(charts.charts.size() == 3);
    CHECK(charts.charts[0].title == "2 bits");
    CHECK(charts.charts[2].title == "8 bits");
    CHECK(charts.charts[0].series.size() == 2);
    CHECK(charts.charts[2].bars.at(1).value == charts.charts[2].bars.at(0).value - 3);
    CHECK(charts.charts[0].bars.at(0).value == 10);
    CHECK(charts.charts[2].bars.at(0).value == 40);
}

TEST_CASE("Widths of one method, or methods on one width, stand in one chart", "[plot_option]") {
    const Analysis widths(3, {.bits = {2, 4, 8}}),
        both(3, {.bits = {4}, .methods = methods({"octav", "max"})});
    const auto names = [](const AnalyzePlot::Charts& charts) {
        Arguments list;
        for (const auto& series : charts.charts.at(0).series) list.push_back(series.name);
        return list;
    };
    CHECK(names(widths.plot.charts(darkTheme(), 590)) == Arguments{"2 bits", "4 bits", "8 bits"});
    CHECK(names(both.plot.charts(darkTheme(), 590)) == Arguments{"octav", "max"});
}

TEST_CASE("analyze --plot writes a picture beside its reports", "[device][cli][plot_option]") {
    const TempFolder folder;
    const std::string path = (folder / "plot.png").string();
    const Json report = reportOf("analyze", {sample, "--bits", "4,8", "--plot", path});
    CHECK(report["tensors"].size() == 29);
    checkPlot(path);
    std::filesystem::remove(path);
    CHECK(runCommand("analyze", {sample, "--filter", tensor, "--plot", path, "-q"}).out.empty());
    checkPlot(path);
}

TEST_CASE("sweep --plot draws what render draws", "[device][cli][plot_option]") {
    const TempFolder folder;
    const std::string plot = (folder / "plot.png").string(), drawn = (folder / "drawn.png").string();
    REQUIRE(runCommand("sweep", {sample, "--tensor", tensor, "--bits", "4", "--plot", plot}).exitCode == 0);
    REQUIRE(runCommand("render", {sample, "--tensor", tensor, "--bits", "4", "-o", drawn}).exitCode == 0);
    checkPlot(plot);
    CHECK(readPng(plot) == readPng(drawn));
}

TEST_CASE("sweep --plot shows the range asked for", "[device][cli][plot_option]") {
    const TempFolder folder;
    const std::string all = (folder / "all.png").string(), part = (folder / "part.png").string();
    const Arguments common = {sample, "--tensor", tensor, "--bits", "4", "-q", "--plot"};
    const auto sweep = [&](const Arguments& more) {
        Arguments arguments = common;
        arguments.insert(arguments.end(), more.begin(), more.end());
        return runCommand("sweep", arguments).exitCode;
    };
    REQUIRE(sweep({all}) == 0);
    REQUIRE(sweep({part, "--range", "0.05:0.2"}) == 0);
    CHECK(!(readPng(all) == readPng(part)));
}

TEST_CASE("Pictures of bare elements and of other formats can be asked for", "[device][cli][plot_option]") {
    const TempFolder folder;
    const std::string path = (folder / "plot.png").string();
    const std::string raw = folder.write("conv.bin", std::string(64 * 27 * 4, '\x3d'));
    const auto works = [&](const Arguments& arguments) {
        std::filesystem::remove(path);
        CHECK(runCommand(arguments[0], Arguments(arguments.begin() + 1, arguments.end())).exitCode == 0);
        checkPlot(path);
    };
    works({"analyze", raw, "--raw", "f32:64x27", "--plot", path});
    works({"sweep", raw, "--raw", "f32:64x27", "--plot", path});
    works({"sweep", sample, "--tensor", tensor, "--format", "fp4-e2m1", "--plot", path});
    works({"analyze", sample, "--filter", tensor, "--format", "mxfp4,int4-affine", "--plot", path});
    works({"analyze", sample, "--filter", tensor, "--granularity", "channel", "--plot", path});
    works({"analyze", sample, "--bits", "2-8", "--method", "octav,max,mse", "--plot", path});
}

TEST_CASE("A picture goes to a name that ends in .png, and nowhere else", "[cli][plot_option]") {
    for (const char* command : {"analyze", "sweep"}) {
        const auto refused = [&](const std::string& target, const std::string& hint) {
            checkFails(runCommand(command, {sample, "--plot", target}, withoutVulkan), 2, hint);
        };
        refused("-", "standard output");
        refused("plot.jpg", ".png");
        refused("", ".png");
    }
}

TEST_CASE("A picture replaces neither an input nor another report", "[cli][plot_option]") {
    const TempFolder folder;
    const std::string input = (folder / "input.png").string();
    std::filesystem::copy_file(sample, input);
    for (const char* command : {"analyze", "sweep"}) {
        checkFails(runCommand(command, {input, "--plot", input}, withoutVulkan), 2, "would replace an input");
        const std::string both = (folder / "both.png").string();
        checkFails(runCommand(command, {input, "--plot", both, "--csv", both}, withoutVulkan), 2,
                   "--csv and --plot name the same file");
        checkFails(runCommand(command, {input, "--plot", both, "--json", both}, withoutVulkan), 2,
                   "--json and --plot name the same file");
        CHECK(!std::filesystem::exists(both));
    }
}

TEST_CASE("A picture that cannot be written fails before the work, with 5", "[cli][plot_option]") {
    const TempFolder folder;
    const std::string target = (folder / "missing" / "plot.png").string();
    checkFails(runCommand("analyze", {sample, "--plot", target}, withoutVulkan), 5, target);
    checkFails(runCommand("sweep", {sample, "--tensor", tensor, "--plot", target}, withoutVulkan), 5, target);
}

TEST_CASE("Where the work fails no picture is left", "[cli][plot_option]") {
    const TempFolder folder;
    const std::string target = (folder / "plot.png").string();
    checkFails(runCommand("analyze", {sample, "--plot", target}, withoutVulkan), 4);
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("The picture of an analysis looks as it did", "[device][plot_option]") {
    if (!::tests::hasGoldens()) return;
    const auto check = [](const char* name, const Analysis& analysis) {
        const Global global;
        ::tests::checkPicture(name, analysis.plot.picture(::tests::device(), global, ""));
    };
    check("analyze_29", Analysis(29, {.bits = {4, 8}}));
    check("analyze_300", Analysis(300, {.bits = {2, 4, 8}, .methods = methods({"octav", "max", "mse"})}));
    check("analyze_2", Analysis(2, {.bits = {4}, .methods = methods({"octav", "max", "entropy"})}));
}
