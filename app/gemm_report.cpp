#include "app/gemm_report.h"

#include "app/kernel_report.h"
#include "app/number_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace app {

namespace {

using quant::name;

// Operations per second that the roofline allows.
double boundOf(const Ceilings& ceilings, const Measurement& measured) {
    return std::min(ceilings.rateOf(measured.types), measured.intensity() * ceilings.bandwidth);
}

Json resultJson(const GemmRun& run, const GemmResult& result) {
    Json json = {{"m", result.m},
                 {"n", result.n},
                 {"k", result.k},
                 {"type", name(result.measured.types)},
                 {"path", name(result.plan.path)},
                 {"tile", text(result.plan.tile)}};
    json.update(speedJson(run.ceilings, result.measured));
    return json;
}

std::vector<std::string> leadingText(const GemmResult& result) {
    return {name(result.measured.types), shapeText({result.m, result.n, result.k}),
            std::string(name(result.plan.path)), text(result.plan.tile)};
}

}  // namespace

bool GemmRun::hasIntegers() const {
    return std::ranges::any_of(results, [](const auto& result) { return isInteger(result.measured.types); });
}

std::string gemmJson(const GemmRun& run) {
    Json report = headJson(run.device);
    report.update(resultJson(run, run.results.front()));
    return dumped(report);
}

std::string gemmListJson(const GemmRun& run) {
    Json report = headJson(run.device), products = Json::array(), skipped = Json::array();
    for (const GemmResult& result : run.results) products.push_back(resultJson(run, result));
    for (const auto& [types, path, reason] : run.skipped)
        skipped.push_back({{"type", name(types)}, {"path", name(path)}, {"reason", reason}});
    report["products"] = std::move(products);
    report["skipped"] = std::move(skipped);
    return dumped(report);
}

std::string gemmTable(const GemmRun& run, bool hasColour) {
    const bool hasChecks = std::ranges::any_of(
        run.results, [](const auto& result) { return result.measured.check.has_value(); });
    KernelTable table({{"type"}, {"m x n x k", Align::Right}, {"path"}, {"tile"}}, run.ceilings, hasChecks);
    for (const GemmResult& result : run.results) table.addRow(leadingText(result), result.measured);
    std::set<std::string> reasons;  // types and paths share them
    for (const SkippedPath& skipped : run.skipped) reasons.insert(skipped.reason);
    return table.render(hasColour) + "\n" + table.checkText() + skippedText(reasons) +
           ceilingsText(run.ceilings, run.device);
}

std::string rooflineJson(const GemmRun& run) {
    Json report = headJson(run.device), points = Json::array();
    report["copy_bytes_per_second"] = run.ceilings.bandwidth;
    for (const GemmResult& result : run.results) {
        Json point = resultJson(run, result);
        point["operations_per_byte"] = finite(result.measured.intensity());
        point["bound_gflops"] = boundOf(run.ceilings, result.measured) * 1e-9;
        points.push_back(std::move(point));
    }
    report["roofline"] = std::move(points);
    return dumped(report);
}

std::string rooflineTable(const GemmRun& run, bool hasColour) {
    TextTable table({Align::Left, Align::Right, Align::Left, Align::Left, Align::Right, Align::Right,
                     Align::Right, Align::Right, Align::Right});
    table.addRow(
        headCells({"type", "m x n x k", "path", "tile", "ms", "op/byte", "GFLOPS", "bound", "of it"}));
    for (const GemmResult& result : run.results) {
        const Measurement& measured = result.measured;
        const double bound = boundOf(run.ceilings, measured);
        std::vector<Cell> row;
        for (std::string& text : leadingText(result))
            row.push_back({std::move(text), row.empty() ? Style::Strong : Style::Plain});
        row.push_back({millisecondsText(measured.seconds)});
        row.push_back({numberText(measured.intensity())});
        row.push_back({numberText(measured.rate() * 1e-9), Style::Strong});
        row.push_back({numberText(bound * 1e-9)});
        row.push_back({shareText(measured.rate() / bound)});
        table.addRow(std::move(row));
    }
    return table.render({{}, 1, hasColour}) + "\nbound: the lesser of peak and op/byte times copy\n" +
           ceilingsText(run.ceilings, run.device);
}

}  // namespace app
