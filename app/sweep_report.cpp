#include "app/sweep_report.h"

#include "app/number_text.h"
#include "app/text_table.h"
#include "quant/input_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace app {

namespace {

using Json = nlohmann::ordered_json;

constexpr int digits = 4;
constexpr size_t shownPoints = 24;

Json pointJson(const quant::ErrorPoint& point) {
    return {{"clip", point.clip}, {"mse", point.mse}};
}

// What stands beside a point of the curve: the answers that lie nearer to it than to any other shown point.
std::string remarks(const quant::Sweep& sweep, double from, double to) {
    const auto isHere = [&](double clip) { return clip > from && clip <= to; };
    std::string text;
    if (isHere(double{sweep.octavClip})) text += " octav";
    if (isHere(sweep.best.clip)) text += " best";
    if (std::ranges::any_of(sweep.minima, isHere, &quant::ErrorPoint::clip)) text += " minimum";
    return text.empty() ? text : "<" + text;
}

TextTable curveTable(const quant::Sweep& sweep) {
    TextTable table({Align::Right, Align::Right, Align::Right, Align::Left});
    table.addRow({{"clip", Style::Faint}, {"mse measured", Style::Faint}, {"mse modelled", Style::Faint}});
    const size_t points = sweep.clips.size(), rows = std::min(points, shownPoints);
    double from = 0;
    for (size_t row = 0; row < rows; ++row) {
        const size_t i = rows == 1 ? 0 : row * (points - 1) / (rows - 1);
        const size_t next = row + 1 < rows ? (row + 1) * (points - 1) / (rows - 1) : i;
        const double to = row + 1 < rows ? (sweep.clips[i] + sweep.clips[next]) / 2 : HUGE_VAL;
        table.addRow({{significant(sweep.clips[i], digits)},
                      {significant(sweep.measured[i], digits)},
                      {significant(sweep.modelled[i], digits)},
                      {remarks(sweep, from, to), Style::Strong}});
        from = to;
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
    const Json octav = {{"clip", sweep.octavClip}, {"iterates", sweep.iterates}};
    const Json report = {{"tensor", tensor},
                         {"bits", sweep.format.bits},
                         {"signed", sweep.format.isSigned},
                         {"clip", sweep.clips},
                         {"mse_measured", sweep.measured},
                         {"mse_model", sweep.modelled},
                         {"octav", octav},
                         {"best", pointJson(sweep.best)},
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
    text += "octav    " + significant(double{sweep.octavClip}, digits);
    text += sweep.iterates.empty() ? "" : ", by way of";
    for (const double iterate : sweep.iterates) text += " " + significant(iterate, digits);
    text += "\nbest     " + pointText(sweep.best) + "\n";
    for (const auto& point : sweep.minima) text += "minimum  " + pointText(point) + "\n";
    return text;
}

}  // namespace app
