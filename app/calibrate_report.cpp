#include "app/calibrate_report.h"

#include "app/analyze_csv.h"
#include "app/number_text.h"
#include "app/options.h"
#include "app/text_table.h"
#include "quant/input_error.h"

#include <nlohmann/json.hpp>

namespace app {

namespace {

using Json = nlohmann::ordered_json;

constexpr int digits = 4;

quant::ClippedGrid gridOf(const CalibratedClips::Result& result) {
    return result.found.clip.on(result.format);
}

Json resultJson(const CalibratedClips::Result& result) {
    const auto& [clip, mse, sqnrDb] = result.found;
    Json json = {{"method", result.method.name()},
                 {"bits", result.format.bits},
                 {"signed", result.format.isSigned},
                 {"clip", Json::array({clip.high})},
                 {"scale", Json::array({gridOf(result).step()})},
                 {"zero_point", Json::array({gridOf(result).zeroPoint()})},
                 {"mse_model", mse},
                 {"sqnr_model_db", sqnrDb ? Json(*sqnrDb) : Json()},
                 {"format", result.format.name()}};
    if (result.format.isAffine) json["clip_low"] = Json::array({clip.low});
    return json;
}

Json tensorJson(const CalibratedClips& tensor) {
    const quant::Profile& profile = tensor.profile;
    Json results = Json::array();
    for (const auto& result : tensor.results) results.push_back(resultJson(result));
    return {{"name", tensor.name},
            {"contributions", tensor.contributions},
            {"elements", profile.elements()},
            {"nonzero", profile.nonzero(quant::Sides::Both)},
            {"nan", profile.notNumbers()},
            {"inf", profile.infinities()},
            {"min", profile.min()},
            {"max", profile.max()},
            {"absmax", profile.absmax()},
            {"mean", profile.mean()},
            {"results", std::move(results)}};
}

}  // namespace

std::string calibrateJson(const CalibrateRun& run, const std::vector<CalibratedClips>& tensors) {
    Json source = Json::array(), skipped = Json::array(), methods = Json::array(), list = Json::array();
    for (const auto& file : run.selection.files) {
        source.push_back(
            {{"path", file->path()}, {"format", file->format()}, {"bytes", file->fileSizeBytes()}});
    }
    for (const auto& [ref, reason] : run.selection.skipped)
        skipped.push_back({{"name", run.selection.info(ref).name}, {"reason", reason}});
    for (const auto& method : run.options.methods) methods.push_back(method.name());
    for (const auto& tensor : tensors) list.push_back(tensorJson(tensor));
    const Json state = {{"path", run.statePath}, {"tensors", run.stateTensors}, {"bytes", run.stateBytes}};
    const Json options = {{"bits", run.options.bits}, {"methods", methods}, {"sign", name(run.options.sign)}};
    const Json report = {{"tool", {{"name", "clipscope"}, {"version", CLIPSCOPE_VERSION}}},
                         {"state", state},
                         {"source", source},
                         {"options", options},
                         {"tensors", list},
                         {"skipped", skipped}};
    return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string calibrateCsv(const std::vector<CalibratedClips>& tensors) {
    std::string text =
        "tensor,contributions,elements,absmax,method,bits,signed,clip,scale,mse_model,sqnr_model_db,format\n";
    for (const CalibratedClips& tensor : tensors) {
        const std::string start = csvField(tensor.name) + "," + std::to_string(tensor.contributions) + "," +
                                  std::to_string(tensor.profile.elements()) + "," +
                                  exact(double{tensor.profile.absmax()}) + ",";
        for (const auto& result : tensor.results) {
            const auto& [clip, mse, sqnrDb] = result.found;
            text += start + csvField(result.method.name()) + "," + std::to_string(result.format.bits) +
                    (result.format.isSigned ? ",true," : ",false,") + exact(double{clip.high}) + "," +
                    exact(double{gridOf(result).step()}) + "," + exact(mse) + "," +
                    (sqnrDb ? exact(*sqnrDb) : "") + "," + result.format.name() + "\n";
        }
    }
    return text;
}

namespace {

std::string sqnrText(const quant::ProfileClip& found, bool hasElements) {
    if (found.sqnrDb) return fixedPoint(*found.sqnrDb, 2);
    return found.mse == 0 && hasElements ? "exact" : "-";
}

void addRows(TextTable& table, const CalibratedClips& tensor) {
    std::vector<Cell> start = {{quant::printable(tensor.name, 200)},
                               {std::to_string(tensor.contributions), Style::Faint},
                               {std::to_string(tensor.profile.elements()), Style::Faint},
                               {significant(double{tensor.profile.absmax()}, digits)}};
    for (const auto& result : tensor.results) {
        std::vector<Cell> row = start;
        row.push_back({result.method.name()});
        row.push_back({result.format.name(), Style::Faint});
        row.push_back({significant(double{result.found.clip.high}, digits), Style::Strong});
        row.push_back({sqnrText(result.found, tensor.profile.finite() > 0)});
        table.addRow(row);
        start.assign(4, {});  // the tensor is named once
    }
}

}  // namespace

std::string calibrateTable(const CalibrateRun& run, const std::vector<CalibratedClips>& tensors,
                           std::optional<size_t> width, bool hasColour) {
    TextTable table({Align::Left, Align::Right, Align::Right, Align::Right, Align::Left, Align::Left,
                     Align::Right, Align::Right});
    std::vector<Cell> head = {{"tensor"}, {"seen"},   {"elements"}, {"absmax"},
                              {"method"}, {"format"}, {"clip"},     {"SQNR"}};
    for (Cell& cell : head) cell.style = Style::Faint;
    table.addRow(head);
    for (const CalibratedClips& tensor : tensors) addRows(table, tensor);
    std::string text = tensors.empty() ? "" : table.render({width, 1, hasColour}) + "\n";
    text += "seen: tensors of that name added; clip and SQNR (dB): from the state alone, modelled\n";
    for (const auto& [ref, reason] : run.selection.skipped)
        text += "skipped " + quant::printable(run.selection.info(ref).name, 200) + ": " + reason + "\n";
    return text + quant::printable(run.statePath) + ": " + counted(run.stateTensors, "tensor") + ", " +
           sizeText(run.stateBytes) + "\n";
}

}  // namespace app
