#include "app/sweep_report.h"

#include "app/number_text.h"
#include "app/text_table.h"
#include "quant/input_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace app {

namespace {

using Json = nlohmann::ordered_json;

constexpr int digits = 4;
constexpr size_t shownRows = 24;  // beside those with a remark

Json pointJson(const quant::ErrorPoint& point) {
    return {{"clip", point.clip}, {"mse", point.mse}};
}

bool isMinimum(const quant::Sweep& sweep, double clip) {
    return std::ranges::contains(sweep.minima, clip, &quant::ErrorPoint::clip);
}

// The answers that lie at a clip.
std::string remarks(const quant::Sweep& sweep, double clip) {
    std::string text;
    if (clip == sweep.octav.clip) text += " octav";
    if (clip == sweep.best.clip) text += " best";
    if (isMinimum(sweep, clip)) text += " minimum";
    return text.empty() ? text : "<" + text;
}

// Points of the curve, evenly chosen where there are too many, and all that have a remark.
std::vector<quant::SweepPoint> shownPoints(const quant::Sweep& sweep) {
    std::vector<quant::SweepPoint> points = {sweep.best};
    if (sweep.octav.clip > 0) points.push_back(sweep.octav);
    const size_t count = sweep.clips.size(), rows = std::min(count, shownRows);
    for (size_t i = 0, row = 0; i < count; ++i) {
        const bool isNext = row < rows && i == row * (count - 1) / (rows - 1);
        row += isNext ? 1 : 0;
        if (isNext || isMinimum(sweep, sweep.clips[i]))
            points.push_back({sweep.clips[i], sweep.measured[i], sweep.modelled[i]});
    }
    std::ranges::stable_sort(points, {}, &quant::SweepPoint::clip);
    const auto repeated = std::ranges::unique(points, {}, &quant::SweepPoint::clip);
    points.erase(repeated.begin(), repeated.end());
    return points;
}

TextTable curveTable(const quant::Sweep& sweep) {
    TextTable table({Align::Right, Align::Right, Align::Right, Align::Left});
    table.addRow({{"clip", Style::Faint}, {"mse measured", Style::Faint}, {"mse modelled", Style::Faint}});
    for (const auto& [clip, measured, modelled] : shownPoints(sweep)) {
        table.addRow({{significant(clip, digits)},
                      {significant(measured, digits)},
                      {significant(modelled, digits)},
                      {remarks(sweep, clip), Style::Strong}});
    }
    return table;
}

std::string gridText(const quant::NumberFormat& format) {
    const bool isPlain = format == quant::integerFormat(format.bits, format.isSigned) && format.bits > 1;
    if (!isPlain) return format.name();
    return std::to_string(format.bits) + (format.isSigned ? " bits" : " bits, unsigned");
}

std::string pointText(const quant::ErrorPoint& point) {
    return significant(point.clip, digits) + " (mse " + significant(point.mse, digits) + ")";
}

}  // namespace

std::string sweepJson(const std::string& tensor, const quant::Sweep& sweep) {
    Json minima = Json::array();
    for (const auto& point : sweep.minima) minima.push_back(pointJson(point));
    const Json octav = {{"clip", sweep.octav.clip}, {"iterates", sweep.iterates}};
    const Json report = {{"tensor", tensor},
                         {"bits", sweep.format.bits},
                         {"signed", sweep.format.isSigned},
                         {"clip", sweep.clips},
                         {"mse_measured", sweep.measured},
                         {"mse_model", sweep.modelled},
                         {"octav", octav},
                         {"best", pointJson({sweep.best.clip, sweep.best.measured})},
                         {"minima", minima},
                         {"format", sweep.format.name()}};
    return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string sweepCsv(const quant::Sweep& sweep) {
    std::string text = "clip,mse_measured,mse_model\n";
    for (size_t i = 0; i < sweep.clips.size(); ++i) {
        text +=
            exact(sweep.clips[i]) + "," + exact(sweep.measured[i]) + "," + exact(sweep.modelled[i]) + "\n";
    }
    return text;
}

std::string sweepTable(const std::string& tensor, const quant::Sweep& sweep, bool hasColour) {
    const std::string grid = gridText(sweep.format);
    std::string text = quant::printable(tensor, 200) + " at " + grid + "\n\n";
    if (sweep.clips.empty()) return text + "no element is finite and not zero\n";
    text += curveTable(sweep).render({{}, 1, hasColour}) + "\n";
    if (sweep.clips.size() > shownRows) {
        text += std::to_string(shownRows) + " of " + counted(sweep.clips.size(), "point") +
                " and what is marked; --csv has all\n";
    }
    text += "octav    " + significant(sweep.octav.clip, digits);
    text += sweep.iterates.empty() ? "" : ", by way of";
    for (const double iterate : sweep.iterates) text += " " + significant(iterate, digits);
    text += "\nbest     " + pointText({sweep.best.clip, sweep.best.measured}) + "\n";
    for (const auto& point : sweep.minima) text += "minimum  " + pointText(point) + "\n";
    return text;
}

}  // namespace app
