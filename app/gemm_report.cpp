#include "app/gemm_report.h"

#include "app/number_text.h"
#include "app/text_table.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>

namespace app {

namespace {

using Json = nlohmann::ordered_json;
using quant::name;

constexpr int digits = 4;

Json finite(double value) {
    return std::isfinite(value) ? Json(value) : Json();
}

double gigaOperations(const GemmResult& result) {
    return result.operations() / result.seconds * 1e-9;
}

double bandwidthShare(const GemmRun& run, const GemmResult& result) {
    return result.bytes() / result.seconds / run.ceilings.bandwidth;
}

// Operations per second that the roofline allows.
double boundOf(const GemmRun& run, const GemmResult& result) {
    return std::min(run.ceilings.rateOf(result.types), result.intensity() * run.ceilings.bandwidth);
}

Json headJson(const GemmRun& run) {
    const engine::DeviceInfo& device = run.device;
    return {
        {"tool", {{"name", "clipscope"}, {"version", CLIPSCOPE_VERSION}}},
        {"device", {{"name", device.name}, {"driver", device.driver}, {"type", engine::name(device.type)}}}};
}

Json resultJson(const GemmRun& run, const GemmResult& result) {
    const auto& check = result.check;
    return {{"m", result.m},
            {"n", result.n},
            {"k", result.k},
            {"type", name(result.types)},
            {"path", name(result.plan.path)},
            {"tile", text(result.plan.tile)},
            {"seconds", result.seconds},
            {"gflops", finite(gigaOperations(result))},
            {"peak_gflops", run.ceilings.rateOf(result.types) * 1e-9},
            {"bandwidth_share", finite(bandwidthShare(run, result))},
            {"max_error", check ? finite(check->maxError) : Json()},
            {"error_bound", check ? finite(check->errorBound) : Json()}};
}

std::string dumped(const Json& report) {
    return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// A product without elements takes no time to speak of.
std::string numberText(double value) {
    return std::isfinite(value) ? significant(value, digits) : "-";
}
std::string percentText(double share) {
    return std::isfinite(share) ? fixedPoint(100 * share, 1) + " %" : "-";
}

std::string shapeOf(const GemmResult& result) {
    return shapeText({result.m, result.n, result.k});
}

std::vector<Cell> heads(std::vector<std::string> names) {
    std::vector<Cell> cells;
    for (auto& one : names) cells.push_back({std::move(one), Style::Faint});
    return cells;
}

std::vector<Cell> rowOf(const GemmRun& run, const GemmResult& result, bool hasChecks) {
    const double rate = result.operations() / result.seconds;
    std::vector<Cell> row = {{name(result.types), Style::Strong},
                             {shapeOf(result)},
                             {std::string(name(result.plan.path))},
                             {text(result.plan.tile)},
                             {significant(1000 * result.seconds, digits)},
                             {numberText(rate * 1e-9), Style::Strong},
                             {percentText(rate / run.ceilings.rateOf(result.types))},
                             {percentText(bandwidthShare(run, result))}};
    if (!hasChecks || !result.check) return row;
    const Style style = result.check->isPassed() ? Style::Plain : Style::Strong;
    row.push_back({numberText(result.check->maxError), style});
    row.push_back({significant(result.check->errorBound, digits), style});
    return row;
}

// What the shares are shares of.
std::string footer(const GemmRun& run) {
    const GemmCeilings& ceilings = run.ceilings;
    std::string peak = "peak " + significant(ceilings.floatRate * 1e-9, digits) + " GFLOPS";
    if (ceilings.dotRate > 0)
        peak += " of floats, " + significant(ceilings.dotRate * 1e-9, digits) + " of 4x8-bit dot products";
    return peak + "; copy " + significant(ceilings.bandwidth * 1e-9, digits) + " GB/s; on " +
           run.device.name + "\n";
}

std::string checkText(const GemmRun& run) {
    uint64_t checked = 0, all = 0;
    for (const GemmResult& result : run.results) {
        if (!result.check) continue;
        checked += result.check->elements;
        all += uint64_t{result.m} * result.n;
    }
    if (all == 0) return "";
    return std::to_string(checked) + " of " + counted(all, "element") + " compared with the host\n";
}

// Types and paths share reasons.
std::string skippedText(const GemmRun& run) {
    std::set<std::string> reasons;
    for (const SkippedPath& skipped : run.skipped) reasons.insert(skipped.reason);
    std::string text;
    for (const std::string& reason : reasons) text += "skipped: " + reason + "\n";
    return text;
}

}  // namespace

bool GemmRun::hasIntegers() const {
    return std::ranges::any_of(results, [](const auto& result) { return isInteger(result.types); });
}

std::string gemmJson(const GemmRun& run) {
    Json report = headJson(run);
    report.update(resultJson(run, run.results.front()));
    return dumped(report);
}

std::string gemmListJson(const GemmRun& run) {
    Json report = headJson(run), products = Json::array(), skipped = Json::array();
    for (const GemmResult& result : run.results) products.push_back(resultJson(run, result));
    for (const auto& [types, path, reason] : run.skipped)
        skipped.push_back({{"type", name(types)}, {"path", name(path)}, {"reason", reason}});
    report["products"] = std::move(products);
    report["skipped"] = std::move(skipped);
    return dumped(report);
}

std::string gemmTable(const GemmRun& run, bool hasColour) {
    const bool hasChecks =
        std::ranges::any_of(run.results, [](const auto& result) { return result.check.has_value(); });
    std::vector<Align> columns = {Align::Left,  Align::Right, Align::Left,  Align::Left,
                                  Align::Right, Align::Right, Align::Right, Align::Right};
    auto head = heads({"type", "m x n x k", "path", "tile", "ms", "GFLOPS", "of peak", "of copy"});
    if (hasChecks) {
        columns.insert(columns.end(), 2, Align::Right);
        for (Cell& cell : heads({"max error", "bound"})) head.push_back(std::move(cell));
    }
    TextTable table(std::move(columns));
    table.addRow(std::move(head));
    for (const GemmResult& result : run.results) table.addRow(rowOf(run, result, hasChecks));
    return table.render({{}, 1, hasColour}) + "\n" + checkText(run) + skippedText(run) + footer(run);
}

std::string rooflineJson(const GemmRun& run) {
    Json report = headJson(run), points = Json::array();
    report["copy_bytes_per_second"] = run.ceilings.bandwidth;
    for (const GemmResult& result : run.results) {
        Json point = resultJson(run, result);
        point["operations_per_byte"] = finite(result.intensity());
        point["bound_gflops"] = boundOf(run, result) * 1e-9;
        points.push_back(std::move(point));
    }
    report["roofline"] = std::move(points);
    return dumped(report);
}

std::string rooflineTable(const GemmRun& run, bool hasColour) {
    TextTable table({Align::Left, Align::Right, Align::Left, Align::Left, Align::Right, Align::Right,
                     Align::Right, Align::Right, Align::Right});
    table.addRow(heads({"type", "m x n x k", "path", "tile", "ms", "op/byte", "GFLOPS", "bound", "of it"}));
    for (const GemmResult& result : run.results) {
        const double rate = result.operations() / result.seconds, bound = boundOf(run, result);
        table.addRow({{name(result.types), Style::Strong},
                      {shapeOf(result)},
                      {std::string(name(result.plan.path))},
                      {text(result.plan.tile)},
                      {significant(1000 * result.seconds, digits)},
                      {significant(result.intensity(), digits)},
                      {numberText(rate * 1e-9), Style::Strong},
                      {significant(bound * 1e-9, digits)},
                      {percentText(rate / bound)}});
    }
    return table.render({{}, 1, hasColour}) + "\nbound: the lesser of peak and op/byte times copy\n" +
           footer(run);
}

}  // namespace app
