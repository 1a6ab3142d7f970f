#include "app/recommend_report.h"

#include "app/analyze_csv.h"
#include "app/number_text.h"
#include "app/text_table.h"
#include "quant/input_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace app {

namespace {

using Json = nlohmann::ordered_json;
using quant::FormatChoice;
using quant::Recommendation;
using quant::TensorChoices;

const FormatChoice& chosenOf(const TensorChoices& tensor) {
    return tensor.choices[tensor.chosen];
}

double bitsPerElement(const TensorChoices& tensor, const FormatChoice& choice) {
    return static_cast<double>(choice.costBits) / static_cast<double>(tensor.info.elements);
}

Json choiceJson(const TensorChoices& tensor, const FormatChoice& choice) {
    return {{"format", choice.result.format.name()},
            {"bits", choice.result.format.bits},
            {"granularity", choice.result.granularity.name()},
            {"bits_per_element", bitsPerElement(tensor, choice)},
            {"squared_error", choice.squared},
            {"sqnr_db", choice.result.sqnrDb ? Json(*choice.result.sqnrDb) : Json()}};
}

Json tensorJson(const TensorChoices& tensor) {
    Json curve = Json::array();
    for (const FormatChoice& choice : tensor.choices) curve.push_back(choiceJson(tensor, choice));
    Json json = {{"name", tensor.info.name},
                 {"dtype", quant::name(tensor.info.dtype)},
                 {"shape", tensor.info.shape},
                 {"elements", tensor.info.elements}};
    json.update(choiceJson(tensor, chosenOf(tensor)));
    json["choices"] = std::move(curve);
    return json;
}

std::string ratioText(double energy, double squared, uint64_t finite) {
    std::optional<double> sqnr;
    if (energy > 0 && squared > 0) sqnr = 10 * std::log10(energy / squared);
    return sqnrText(sqnr, squared, finite);
}

uint64_t finiteOf(const Recommendation& all) {
    uint64_t finite = 0;
    for (const TensorChoices& tensor : all.tensors) finite += tensor.finite;
    return finite;
}

// The same format for every tensor: what the recommendation is measured against.
TextTable uniformTable(const RecommendRun& run, const Recommendation& all) {
    const size_t choices = all.tensors.front().choices.size();
    std::vector<Align> columns(1 + choices, Align::Right);
    columns.front() = Align::Left;
    std::vector<Cell> head = {{"all in", Style::Faint}}, bits = {{"bits"}}, sqnr = {{"SQNR"}};
    for (size_t choice = 0; choice < choices; ++choice) {
        double squared = 0, cost = 0;
        for (const TensorChoices& tensor : all.tensors) {
            squared += tensor.choices[choice].squared;
            cost += static_cast<double>(tensor.choices[choice].costBits);
        }
        const auto& asked = run.options.choices;
        head.push_back({asked.formats.empty() ? std::to_string(asked.bits[choice]) + " bits"
                                              : asked.formats[choice].name(),
                        Style::Faint});
        bits.push_back({fixedPoint(cost / static_cast<double>(all.elements), 3)});
        sqnr.push_back({ratioText(all.energy, squared, finiteOf(all))});
    }
    TextTable table(columns);
    for (const auto& row : {head, bits, sqnr}) table.addRow(row);
    return table;
}

std::string certificate(const quant::BitAllocation& allocation, const quant::RecommendOptions& options) {
    if (allocation.isOptimal) return "no other choice does better (proven)";
    const double reached =
        options.targetBits ? allocation.squaredError : static_cast<double>(allocation.costBits);
    const double gap = reached > 0 ? 100 * (reached / std::max(allocation.bound, 1e-300) - 1) : 0;
    return "no other choice is better by more than " + significant(gap, 2) + "%";
}

std::string summary(const RecommendRun& run, const Recommendation& all) {
    const std::string sqnr = ratioText(all.energy, all.allocation.squaredError, finiteOf(all));
    return "together " + fixedPoint(all.bitsPerElement(), 3) + " bits per element, " +
           sizeText((all.allocation.costBits + 7) / 8) + ", SQNR " + sqnr + (all.sqnrDb() ? " dB" : "") +
           "\n" + certificate(all.allocation, run.options) + "\n";
}

std::string footer(const RecommendRun& run, const Recommendation& all) {
    std::string text;
    for (const auto& [ref, reason] : run.selection.skipped)
        text += "skipped " + quant::printable(run.selection.info(ref).name, 200) + ": " + reason + "\n";
    if (run.leftOut > 0)
        text += counted(run.leftOut, "tensor") + " left out: no weights (--filter chooses others)\n";
    return text + counted(all.tensors.size(), "tensor") + ", " + counted(all.elements, "element") + ", " +
           fixedPoint(run.seconds, 2) + " s on " + run.device.name + "\n";
}

}  // namespace

std::string recommendJson(const RecommendRun& run, const Recommendation& all) {
    Json source = Json::array(), tensors = Json::array(), skipped = Json::array();
    for (const auto& file : run.selection.files)
        source.push_back(
            {{"path", file->path()}, {"format", file->format()}, {"bytes", file->fileSizeBytes()}});
    for (const TensorChoices& tensor : all.tensors) tensors.push_back(tensorJson(tensor));
    for (const auto& [ref, reason] : run.selection.skipped)
        skipped.push_back({{"name", run.selection.info(ref).name}, {"reason", reason}});
    const auto& options = run.options;
    const auto sqnr = all.sqnrDb();
    const Json report = {
        {"tool", {{"name", "clipscope"}, {"version", CLIPSCOPE_VERSION}}},
        {"device",
         {{"name", run.device.name}, {"driver", run.device.driver}, {"type", engine::name(run.device.type)}}},
        {"source", source},
        {"options",
         {{"method", options.choices.methods.front().name()},
          {"granularity", options.choices.granularity.name()},
          {"target_bits", options.targetBits ? Json(*options.targetBits) : Json()},
          {"target_sqnr_db", options.targetSqnr ? Json(*options.targetSqnr) : Json()}}},
        {"tensors", tensors},
        {"skipped", skipped},
        {"elements", all.elements},
        {"bits_per_element", all.bitsPerElement()},
        {"bytes", (all.allocation.costBits + 7) / 8},
        {"squared_error", all.allocation.squaredError},
        {"sqnr_db", sqnr ? Json(*sqnr) : Json()},
        {"optimal", all.allocation.isOptimal},
        {"bound", all.allocation.bound},
        {"seconds", {{"total", run.seconds}}}};
    return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string recommendCsv(const Recommendation& all) {
    std::string text =
        "tensor,dtype,shape,elements,format,bits,granularity,bits_per_element,squared_error,sqnr_db\n";
    for (const TensorChoices& tensor : all.tensors) {
        const FormatChoice& chosen = chosenOf(tensor);
        text += csvField(tensor.info.name) + "," + std::string(quant::name(tensor.info.dtype)) + "," +
                (tensor.info.shape.empty() ? "" : shapeText(tensor.info.shape)) + "," +
                std::to_string(tensor.info.elements) + "," + chosen.result.format.name() + "," +
                std::to_string(chosen.result.format.bits) + "," + chosen.result.granularity.name() + "," +
                exact(bitsPerElement(tensor, chosen)) + "," + exact(chosen.squared) + "," +
                (chosen.result.sqnrDb ? exact(*chosen.result.sqnrDb) : "") + "\n";
    }
    return text;
}

std::string recommendTable(const RecommendRun& run, const Recommendation& all, std::optional<size_t> width,
                           bool hasColour) {
    TextTable table({Align::Left, Align::Left, Align::Left, Align::Right, Align::Right, Align::Right});
    std::vector<Cell> head = {{"tensor"}, {"type"}, {"format"}, {"bits"}, {"SQNR"}, {"error"}};
    for (Cell& cell : head) cell.style = Style::Faint;
    table.addRow(head);
    for (const TensorChoices& tensor : all.tensors) {
        const FormatChoice& chosen = chosenOf(tensor);
        const double share =
            all.allocation.squaredError > 0 ? chosen.squared / all.allocation.squaredError : 0;
        table.addRow(
            {{quant::printable(tensor.info.name, 200)},
             {std::string(quant::name(tensor.info.dtype)) + " " + shapeText(tensor.info.shape), Style::Faint},
             {chosen.result.format.name(), Style::Strong},
             {fixedPoint(bitsPerElement(tensor, chosen), 3)},
             {ratioText(tensor.energy, chosen.squared, tensor.finite)},
             {fixedPoint(100 * share, 1) + "%"}});
    }
    std::string text = table.render({width, 1, hasColour}) + "\n";
    text += "bits: per element, with scales; SQNR: dB; error: share of all squared error\n";
    text += summary(run, all) + "\n" + uniformTable(run, all).render({width, 1, hasColour}) + "\n";
    return text + footer(run, all);
}

}  // namespace app
