#include "app/compare_report.h"

#include "app/analyze_csv.h"
#include "app/number_text.h"
#include "app/options.h"
#include "app/text_table.h"
#include "quant/input_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
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
                 {"measured", options.isMeasured}};
    json[options.formats.empty() ? "bits" : "formats"] =
        options.formats.empty() ? Json(options.bits) : formats;
    return json;
}

// "4 octav", with the granularity where several are compared.
std::string labelOf(const CompareRun& run, const ComparisonCell& cell) {
    const std::string format =
        run.options.formats.empty() ? std::to_string(cell.format.bits) : cell.format.name();
    const bool hasGranularity = run.options.granularities.size() > 1 && !cell.format.isBlockScaled();
    return format + " " + cell.method.name() + (hasGranularity ? " " + cell.granularity.name() : "");
}

std::vector<Cell> rowOf(const CompareRun& run, const std::string& name,
                        const std::vector<ComparisonCell>& cells, bool hasElements) {
    const auto isBest = bestCells(run, cells);
    std::vector<Cell> row = {{name}};
    for (size_t i = 0; i < cells.size(); ++i) {
        const bool isExact = !cells[i].sqnrDb && cells[i].squared == 0 && hasElements;
        const std::string text = cells[i].sqnrDb ? fixedPoint(*cells[i].sqnrDb, 2) : isExact ? "exact" : "-";
        row.push_back({text + (isBest[i] ? "*" : " "), isBest[i] ? Style::Strong : Style::Plain});
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

std::string footer(const CompareRun& run, const std::vector<TensorComparison>& tensors) {
    std::string text = "SQNR in dB; *: the best of its ";
    text += run.options.formats.empty() ? "bit width" : "format";
    const bool hasEstimates = std::ranges::any_of(tensors, [](const TensorComparison& tensor) {
        return std::ranges::any_of(tensor.cells, [](const auto& cell) { return !cell.isMeasured; });
    });
    text += hasEstimates ? "; whole tensors: from the profile (--measure measures)\n" : "; measured\n";
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
        "tensor,dtype,shape,elements,format,bits,method,granularity,squared_error,sqnr_db,measured,best\n";
    for (const TensorComparison& tensor : tensors) {
        const auto isBest = bestCells(run, tensor.cells);
        const std::string start = csvField(tensor.info.name) + "," +
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
    std::vector<Align> columns = {Align::Left};
    std::vector<Cell> head = {{"tensor", Style::Faint}};
    for (const ComparisonCell& cell : tensors.front().cells) {
        columns.push_back(Align::Right);
        head.push_back({labelOf(run, cell) + " ", Style::Faint});
    }
    TextTable table(columns);
    table.addRow(head);
    for (const TensorComparison& tensor : tensors) {
        table.addRow(
            rowOf(run, quant::printable(tensor.info.name, 200), tensor.cells, tensor.profile.finite() > 0));
    }
    if (tensors.size() > 1) table.addRow(rowOf(run, "all together", sumsOf(tensors), true));
    return table.render({width, 1, hasColour}) + "\n" + footer(run, tensors);
}

}  // namespace app
