#include "app/compare_report.h"

#include "app/analyze_csv.h"
#include "app/number_text.h"
#include "app/options.h"
#include "app/text_table.h"
#include "quant/input_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace app {

namespace {

using Json = nlohmann::ordered_json;
using quant::ComparisonCell;
using quant::TensorComparison;

// What cells compete in: the formats are given, method and granularity are to be chosen. Formats of one
// tensor and another may differ in sign alone.
uint32_t classOf(const CompareRun& run, const ComparisonCell& cell) {
    if (run.options.formats.empty()) return cell.format.bits;
    const auto found = std::ranges::find(run.options.formats, cell.format);
    return static_cast<uint32_t>(found - run.options.formats.begin());
}

// Which cells have the least error of their format; the first of equal ones.
std::vector<bool> bestCells(const CompareRun& run, const std::vector<ComparisonCell>& cells) {
    std::vector<bool> isBest(cells.size());
    std::set<uint32_t> classes;
    for (const auto& cell : cells) classes.insert(classOf(run, cell));
    for (const uint32_t one : classes) {
        std::optional<size_t> best;
        for (size_t i = 0; i < cells.size(); ++i) {
            if (classOf(run, cells[i]) != one) continue;
            if (!best || cells[i].squared < cells[*best].squared) best = i;
        }
        isBest[*best] = true;
    }
    return isBest;
}

std::optional<double> decibels(double energy, double squared) {
    if (!(energy > 0) || !(squared > 0)) return {};
    return 10 * std::log10(energy / squared);
}

Json cellJson(const ComparisonCell& cell, bool isBest) {
    return {{"method", cell.method.name()},
            {"bits", cell.format.bits},
            {"signed", cell.format.isSigned},
            {"granularity", cell.granularity.name()},
            {"format", cell.format.name()},
            {"squared_error", cell.squared},
            {"sqnr_db", cell.sqnrDb ? Json(*cell.sqnrDb) : Json()},
            {"measured", cell.isMeasured},
            {"best", isBest}};
}

Json tensorJson(const CompareRun& run, const TensorComparison& tensor) {
    const auto isBest = bestCells(run, tensor.cells);
    Json results = Json::array();
    for (size_t i = 0; i < tensor.cells.size(); ++i) results.push_back(cellJson(tensor.cells[i], isBest[i]));
    return {{"name", tensor.info.name},   {"dtype", quant::name(tensor.info.dtype)},
            {"shape", tensor.info.shape}, {"elements", tensor.info.elements},
            {"energy", tensor.energy},    {"results", std::move(results)}};
}

Json optionsJson(const quant::ComparisonOptions& options) {
    Json methods = Json::array(), granularities = Json::array(), formats = Json::array();
    for (const auto& method : options.methods) methods.push_back(method.name());
    for (const auto& granularity : options.granularities) granularities.push_back(granularity.name());
    for (const auto& format : options.formats) formats.push_back(format.name());
    Json json = {{"methods", methods},
                 {"granularities", granularities},
                 {"sign", name(options.sign)},
                 {"measured", options.mostMeasured == UINT64_MAX}};
    json[options.formats.empty() ? "bits" : "formats"] =
        options.formats.empty() ? Json(options.bits) : formats;
    return json;
}

// How methods are called at the head of a column: "p99.9" for "percentile:99.9".
std::string labelOf(const quant::Method& method) {
    return method.percentile ? "p" + method.percentile->text() : method.name();
}

// The cells as the table shows them: those that compete side by side.
std::vector<size_t> columnOrder(const CompareRun& run, const std::vector<ComparisonCell>& cells) {
    std::vector<size_t> order(cells.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {}, [&](size_t i) { return classOf(run, cells[i]); });
    return order;
}

// The heads of the columns: a line each for format, method and, where several are compared, granularity. The
// blank stands where a cell may have its mark.
void addHeads(const CompareRun& run, const std::vector<ComparisonCell>& cells, TextTable& table) {
    const bool hasBits = run.options.formats.empty();
    std::vector<std::vector<Cell>> heads = {{{hasBits ? "bits" : "format"}}, {{"method"}}};
    const bool hasGranularities = run.options.granularities.size() > 1;
    if (hasGranularities) heads.push_back({{"granularity"}});
    for (const size_t i : columnOrder(run, cells)) {
        const ComparisonCell& cell = cells[i];
        heads[0].push_back({(hasBits ? std::to_string(cell.format.bits) : cell.format.name()) + " "});
        heads[1].push_back({labelOf(cell.method) + " "});
        if (hasGranularities)
            heads[2].push_back({(cell.format.isBlockScaled() ? "own" : cell.granularity.name()) + " "});
    }
    for (auto& head : heads) {
        for (Cell& cell : head) cell.style = Style::Faint;
        table.addRow(head);
    }
}

std::vector<Cell> rowOf(const CompareRun& run, const std::string& name,
                        const std::vector<ComparisonCell>& cells, bool hasElements) {
    const auto isBest = bestCells(run, cells);
    std::vector<Cell> row = {{name}};
    for (const size_t i : columnOrder(run, cells)) {
        const bool isExact = !cells[i].sqnrDb && cells[i].squared == 0 && hasElements;
        const std::string text = cells[i].sqnrDb ? fixedPoint(*cells[i].sqnrDb, 2) : isExact ? "exact" : "-";
        const bool isMarked = isBest[i] && hasElements;
        row.push_back({text + (isMarked ? "*" : " "), isMarked ? Style::Strong : Style::Plain});
    }
    return row;
}

// All tensors as one: the sums of their errors over the sum of their energies.
std::vector<ComparisonCell> sumsOf(const std::vector<TensorComparison>& tensors) {
    std::vector<ComparisonCell> sums = tensors.front().cells;
    double energy = 0;
    for (ComparisonCell& sum : sums) sum.squared = 0;
    for (const TensorComparison& tensor : tensors) {
        energy += tensor.energy;
        for (size_t i = 0; i < sums.size(); ++i) sums[i].squared += tensor.cells[i].squared;
    }
    for (ComparisonCell& sum : sums) sum.sqnrDb = decibels(energy, sum.squared);
    return sums;
}

// What the figures are.
std::string legend(const CompareRun& run, const std::vector<TensorComparison>& tensors) {
    const bool hasBits = run.options.formats.empty(), hasGranularities = run.options.granularities.size() > 1;
    std::string text = std::string("SQNR in dB; *: the best of its ") + (hasBits ? "bit width" : "format");
    if (hasGranularities && std::ranges::any_of(run.options.formats, &quant::NumberFormat::isBlockScaled))
        text += "; own: blocks of the format";
    const bool hasEstimates = std::ranges::any_of(tensors, [](const TensorComparison& tensor) {
        return std::ranges::any_of(tensor.cells, [](const auto& cell) { return !cell.isMeasured; });
    });
    text += !hasEstimates ? "; measured\n"
                          : "\nwhole tensors of more than " + counted(run.options.mostMeasured, "element") +
                                " are estimated from their profiles; --measure measures them\n";
    return text;
}

std::string footer(const CompareRun& run, const std::vector<TensorComparison>& tensors) {
    std::string text = tensors.empty() ? "" : legend(run, tensors);
    for (const auto& [ref, reason] : run.selection.skipped)
        text += "skipped " + quant::printable(run.selection.info(ref).name, 200) + ": " + reason + "\n";
    uint64_t elements = 0;
    for (const TensorComparison& tensor : tensors) elements += tensor.info.elements;
    return text + counted(tensors.size(), "tensor") + ", " + counted(elements, "element") + ", " +
           fixedPoint(run.seconds, 2) + " s on " + run.device.name + "\n";
}

}  // namespace

std::string compareJson(const CompareRun& run, const std::vector<TensorComparison>& tensors) {
    Json source = Json::array(), list = Json::array(), skipped = Json::array();
    for (const auto& file : run.selection.files) {
        source.push_back(
            {{"path", file->path()}, {"format", file->format()}, {"bytes", file->fileSizeBytes()}});
    }
    for (const TensorComparison& tensor : tensors) list.push_back(tensorJson(run, tensor));
    for (const auto& [ref, reason] : run.selection.skipped)
        skipped.push_back({{"name", run.selection.info(ref).name}, {"reason", reason}});
    const Json report = {
        {"tool", {{"name", "clipscope"}, {"version", CLIPSCOPE_VERSION}}},
        {"device",
         {{"name", run.device.name}, {"driver", run.device.driver}, {"type", engine::name(run.device.type)}}},
        {"source", source},
        {"options", optionsJson(run.options)},
        {"tensors", list},
        {"skipped", skipped},
        {"seconds", {{"total", run.seconds}}}};
    return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string compareCsv(const CompareRun& run, const std::vector<TensorComparison>& tensors) {
    std::string text =
        "file,tensor,dtype,shape,elements,format,bits,method,granularity,squared_error,sqnr_db,measured,"
        "best\n";
    for (size_t t = 0; t < tensors.size(); ++t) {
        const TensorComparison& tensor = tensors[t];
        const auto isBest = bestCells(run, tensor.cells);
        const std::string start = csvField(run.selection.fileOf(run.selection.tensors[t]).path()) + "," +
                                  csvField(tensor.info.name) + "," +
                                  std::string(quant::name(tensor.info.dtype)) + "," +
                                  (tensor.info.shape.empty() ? "" : shapeText(tensor.info.shape)) + "," +
                                  std::to_string(tensor.info.elements) + ",";
        for (size_t i = 0; i < tensor.cells.size(); ++i) {
            const ComparisonCell& cell = tensor.cells[i];
            text += start + cell.format.name() + "," + std::to_string(cell.format.bits) + "," +
                    csvField(cell.method.name()) + "," + cell.granularity.name() + "," + exact(cell.squared) +
                    "," + (cell.sqnrDb ? exact(*cell.sqnrDb) : "") +
                    (cell.isMeasured ? ",true," : ",false,") + (isBest[i] ? "true\n" : "false\n");
        }
    }
    return text;
}

std::string compareTable(const CompareRun& run, const std::vector<TensorComparison>& tensors,
                         std::optional<size_t> width, bool hasColour) {
    if (tensors.empty()) return footer(run, tensors);
    std::vector<Align> columns(1 + tensors.front().cells.size(), Align::Right);
    columns.front() = Align::Left;
    TextTable table(columns);
    addHeads(run, tensors.front().cells, table);
    const auto hasElements = [](const TensorComparison& tensor) { return tensor.profile.finite() > 0; };
    for (const TensorComparison& tensor : tensors) {
        table.addRow(rowOf(run, quant::printable(tensor.info.name, 200), tensor.cells, hasElements(tensor)));
    }
    if (tensors.size() > 1)
        table.addRow(rowOf(run, "all together", sumsOf(tensors), std::ranges::any_of(tensors, hasElements)));
    return table.render({width, 1, hasColour}) + "\n" + footer(run, tensors);
}

}  // namespace app
