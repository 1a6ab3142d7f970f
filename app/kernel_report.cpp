#include "app/kernel_report.h"

#include "app/number_text.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

namespace app {

namespace {

constexpr int digits = 4;

double bandwidthShare(const Ceilings& ceilings, const Measurement& measured) {
    return measured.bytes / measured.seconds / ceilings.bandwidth;
}

std::vector<Align> alignsOf(const std::vector<KernelTable::Column>& leading, bool hasChecks) {
    std::vector<Align> aligns;
    for (const auto& column : leading) aligns.push_back(column.align);
    aligns.insert(aligns.end(), hasChecks ? 6 : 4, Align::Right);
    return aligns;
}

}  // namespace

Json finite(double value) {
    return std::isfinite(value) ? Json(value) : Json();
}

Json headJson(const engine::DeviceInfo& device) {
    return {
        {"tool", {{"name", "clipscope"}, {"version", CLIPSCOPE_VERSION}}},
        {"device", {{"name", device.name}, {"driver", device.driver}, {"type", engine::name(device.type)}}}};
}

std::string dumped(const Json& report) {
    return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json speedJson(const Ceilings& ceilings, const Measurement& measured) {
    const auto& check = measured.check;
    return {{"seconds", measured.seconds},
            {"gflops", finite(measured.rate() * 1e-9)},
            {"peak_gflops", ceilings.rateOf(measured.types) * 1e-9},
            {"bandwidth_share", finite(bandwidthShare(ceilings, measured))},
            {"max_error", check ? finite(check->maxError) : Json()},
            {"error_bound", check ? finite(check->errorBound) : Json()}};
}

std::string numberText(double value) {
    return std::isfinite(value) ? significant(value, digits) : "-";
}
std::string shareText(double share) {
    return std::isfinite(share) ? fixedPoint(100 * share, 1) + " %" : "-";
}
std::string millisecondsText(double seconds) {
    return significant(1000 * seconds, digits);
}

std::vector<Cell> headCells(std::vector<std::string> names) {
    std::vector<Cell> cells;
    for (auto& one : names) cells.push_back({std::move(one), Style::Faint});
    return cells;
}

std::string ceilingsText(const Ceilings& ceilings, const engine::DeviceInfo& device) {
    std::string peak = "peak " + significant(ceilings.floatRate * 1e-9, digits) + " GFLOPS";
    if (ceilings.dotRate > 0)
        peak += " of floats, " + significant(ceilings.dotRate * 1e-9, digits) + " of 4x8-bit dot products";
    return peak + "; copy " + significant(ceilings.bandwidth * 1e-9, digits) + " GB/s\non " + device.name +
           "\n";
}

std::string skippedText(const std::set<std::string>& reasons) {
    std::string text;
    for (const std::string& reason : reasons) text += "skipped: " + reason + "\n";
    return text;
}

KernelTable::KernelTable(std::vector<Column> leading, const Ceilings& ceilings, bool hasChecks)
    : m_ceilings(ceilings), m_hasChecks(hasChecks), m_table(alignsOf(leading, hasChecks)) {
    std::vector<std::string> heads;
    for (Column& column : leading) heads.push_back(std::move(column.head));
    for (const char* head : {"ms", "GFLOPS", "of peak", "of copy"}) heads.emplace_back(head);
    if (hasChecks) heads.insert(heads.end(), {"max error", "bound"});
    m_table.addRow(headCells(std::move(heads)));
}

void KernelTable::addRow(std::vector<std::string> leading, const Measurement& measured) {
    std::vector<Cell> row;
    for (std::string& text : leading)
        row.push_back({std::move(text), row.empty() ? Style::Strong : Style::Plain});
    row.push_back({millisecondsText(measured.seconds)});
    row.push_back({numberText(measured.rate() * 1e-9), Style::Strong});
    row.push_back({shareText(measured.rate() / m_ceilings.rateOf(measured.types))});
    row.push_back({shareText(bandwidthShare(m_ceilings, measured))});
    if (m_hasChecks && measured.check) {
        const Style style = measured.check->isPassed() ? Style::Plain : Style::Strong;
        row.push_back({numberText(measured.check->maxError), style});
        row.push_back({significant(measured.check->errorBound, digits), style});
        m_compared += measured.check->elements;
        m_outputs += measured.outputs;
    }
    m_table.addRow(std::move(row));
}

std::string KernelTable::render(bool hasColour) const {
    return m_table.render({{}, 1, hasColour});
}

std::string KernelTable::checkText() const {
    if (m_outputs == 0) return "";
    return std::to_string(m_compared) + " of " + counted(m_outputs, "element") + " compared with the host\n";
}

}  // namespace app
