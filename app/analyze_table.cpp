#include "app/analyze_table.h"

#include "app/number_text.h"
#include "quant/input_error.h"

#include <algorithm>
#include <cmath>

namespace app {

namespace {}  // namespace

void AnalyzeTable::add(const quant::TensorAnalysis& analysis) {
    const auto& info = analysis.info;
    Tensor& tensor = m_tensors.emplace_back();
    tensor.name = quant::printable(info.name, 200);
    const std::string type(info.encoding.empty() ? quant::name(info.dtype) : info.encoding);
    tensor.type = type + " " + shapeText(info.shape);
    tensor.elements = info.elements;
    tensor.absmax = double{analysis.profile.absmax()};
    tensor.finite = analysis.profile.finite();
    for (const auto& result : analysis.results) {
        if (!std::ranges::contains(tensor.segments, result.clip.size()))
            tensor.segments.push_back(result.clip.size());
        const std::string granularity = result.granularity.name();
        const bool isWhole = result.granularity.kind == quant::Granularity::Kind::Tensor;
        if (!isWhole && !std::ranges::contains(m_granularities, granularity))
            m_granularities.push_back(granularity);
        tensor.isSigned = result.format.isSigned;
        tensor.results.push_back({clipRange(result.clip), result.mse, result.clippedFraction, result.sqnrDb});
    }
}

// The method max is what the others are measured against; its clip is the absmax, which is shown anyway.
std::optional<size_t> AnalyzeTable::maxMethod() const {
    const auto& methods = m_run.options.methods;
    const auto found = std::ranges::find(methods, quant::MethodKind::Max, &quant::Method::kind);
    if (methods.size() < 2 || found == methods.end()) return {};
    return static_cast<size_t>(found - methods.begin());
}

std::vector<size_t> AnalyzeTable::shownMethods() const {
    std::vector<size_t> shown;
    for (size_t method = 0; method < m_run.options.methods.size(); ++method) {
        if (method != maxMethod()) shown.push_back(method);
    }
    return shown;
}

bool AnalyzeTable::hasMethodColumn() const {
    return shownMethods().size() > 1;
}

const AnalyzeTable::Result& AnalyzeTable::result(const Tensor& tensor, size_t method, size_t bits) const {
    return tensor.results[method * columns().size() + bits];
}

std::vector<std::string> AnalyzeTable::columns() const {
    std::vector<std::string> labels;
    for (const auto& format : m_run.options.formats) labels.push_back(format.name());
    if (!labels.empty()) return labels;
    for (const uint32_t bits : m_run.options.bits) labels.push_back(std::to_string(bits));
    return labels;
}

std::string AnalyzeTable::gridText(const Tensor& tensor) const {
    if (!m_run.options.formats.empty()) return m_run.options.formats.front().name();
    return tensor.isSigned ? "int" : "uint";
}

// What the table says of a clip, as many as texts() returns.
std::vector<std::string> AnalyzeTable::quantities() const {
    std::vector<std::string> names = {"clip"};
    if (isSegmented()) names = {"min", "max"};
    names.push_back("SQNR");
    names.push_back(maxMethod() ? "gain" : "out%");
    return names;
}

std::string AnalyzeTable::gain(const Tensor& tensor, size_t method, size_t bits) const {
    const double mse = result(tensor, method, bits).mse, worse = result(tensor, *maxMethod(), bits).mse;
    if (mse == worse) return fixedPoint(0, 2);
    if (mse == 0) return "exact";
    return fixedPoint(10 * std::log10(worse / mse), 2, true);
}

std::vector<std::string> AnalyzeTable::texts(const Tensor& tensor, size_t method, size_t bits,
                                             int digits) const {
    const auto& [clips, mse, clippedFraction, sqnrDb] = result(tensor, method, bits);
    std::vector<std::string> texts = {significant(clips.min, digits)};
    if (isSegmented()) texts.push_back(significant(clips.max, digits));
    texts.push_back(sqnrText(sqnrDb, mse, tensor.finite));
    texts.push_back(maxMethod() ? gain(tensor, method, bits) : fixedPoint(100 * clippedFraction, 2));
    return texts;
}

// One bit width: a line per tensor and method.
TextTable AnalyzeTable::list(int digits) const {
    std::vector<Align> columns = {Align::Left, Align::Left, Align::Left, Align::Right};
    std::vector<Cell> head = {{"tensor"}, {"type"}, {"grid"}, {"absmax"}};
    if (hasMethodColumn()) {
        columns.push_back(Align::Left);
        head.push_back({"method"});
    }
    for (const auto& quantity : quantities()) {
        columns.push_back(Align::Right);
        head.push_back({quantity});
    }
    for (Cell& cell : head) cell.style = Style::Faint;
    TextTable table(columns);
    table.addRow(head);
    for (const Tensor& tensor : m_tensors) addListRows(table, tensor, digits);
    return table;
}

void AnalyzeTable::addListRows(TextTable& table, const Tensor& tensor, int digits) const {
    std::vector<Cell> start = {{tensor.name},
                               {tensor.type, Style::Faint},
                               {gridText(tensor), Style::Faint},
                               {significant(tensor.absmax, digits)}};
    for (const size_t method : shownMethods()) {
        std::vector<Cell> row = start;
        if (hasMethodColumn()) row.push_back({m_run.options.methods[method].name()});
        const size_t clip = row.size();
        for (const auto& text : texts(tensor, method, 0, digits)) row.push_back({text});
        row[clip].style = Style::Strong;
        table.addRow(row);
        start.assign(4, {});  // the tensor is named once
    }
}

// Several bit widths: a column for each, and for each tensor and method a line per quantity.
TextTable AnalyzeTable::grid(int digits) const {
    std::vector<Align> columns = {Align::Left, Align::Left};
    std::vector<Cell> head = {{"tensor", Style::Faint}, {hasFormats() ? "" : "bits", Style::Faint}};
    if (hasMethodColumn()) {
        columns.push_back(Align::Left);
        head.insert(head.begin() + 1, {"method", Style::Faint});
    }
    for (const auto& label : this->columns()) {
        columns.push_back(Align::Right);
        head.push_back({label, Style::Faint});
    }
    TextTable table(columns);
    table.addRow(head);
    for (const Tensor& tensor : m_tensors) addGridRows(table, tensor, digits);
    return table;
}

void AnalyzeTable::addGridRows(TextTable& table, const Tensor& tensor, int digits) const {
    const auto methods = shownMethods();
    std::string clips = "  ";
    for (const size_t segments : tensor.segments)
        clips += (clips.size() > 2 ? " or " : "") + std::to_string(segments);
    clips += tensor.segments == std::vector<size_t>{1} ? " clip" : " clips";
    const std::string range =
        "  absmax " + significant(tensor.absmax, digits) + (tensor.isSigned || hasFormats() ? "" : " uint");
    std::vector<Cell> first = {{tensor.name, Style::Strong}, {"  " + tensor.type, Style::Faint}};
    if (isSegmented()) first.push_back({clips, Style::Faint});
    first.push_back({range, Style::Faint});
    for (const size_t method : methods) {
        std::vector<std::vector<std::string>> columns;
        for (size_t bits = 0; bits < this->columns().size(); ++bits)
            columns.push_back(texts(tensor, method, bits, digits));
        const auto names = quantities();
        for (size_t line = 0; line < names.size(); ++line) {
            std::vector<Cell> row(1);
            if (method == methods.front()) row[0] = first[line];
            if (hasMethodColumn()) row.push_back({line == 0 ? m_run.options.methods[method].name() : ""});
            row.push_back({names[line], Style::Faint});
            for (const auto& column : columns)
                row.push_back({column[line], line == 0 ? Style::Strong : Style::Plain});
            table.addRow(row);
        }
    }
}

std::string AnalyzeTable::footer(const Seconds& seconds) const {
    std::string text =
        hasMethodColumn() ? "" : "method " + m_run.options.methods[shownMethods().front()].name() + "; ";
    if (m_run.options.metric != quant::Metric())
        text += "metric " + quant::printable(m_run.options.metric.name(), 200) + "; ";
    if (isSegmented()) text += "min, max: of the clips of ";
    for (const auto& granularity : m_granularities)
        text += granularity + (granularity == m_granularities.back() ? "; " : ", ");
    text += "SQNR: dB; ";
    text += maxMethod() ? "gain: dB over method max\n" : "out%: elements beyond the clip\n";
    for (const auto& [ref, reason] : m_run.selection.skipped) {
        text += "skipped " + quant::printable(m_run.selection.info(ref).name, 200) + ": " + reason + "\n";
    }
    uint64_t elements = 0;
    for (const Tensor& tensor : m_tensors) elements += tensor.elements;
    return text + counted(m_tensors.size(), "tensor") + ", " + counted(elements, "element") + ", " +
           fixedPoint(seconds.total, 2) + " s on " + m_run.device.name + "\n";
}

std::string AnalyzeTable::render(const Seconds& seconds, std::optional<size_t> width, bool hasColour) const {
    const bool isList = columns().size() == 1;
    const size_t leftColumns = isList ? 1 : hasMethodColumn() ? 3 : 2;
    const TableFormat format{width, leftColumns, hasColour};
    TextTable table = isList ? list(4) : grid(4);
    if (!table.fits(format)) table = isList ? list(3) : grid(3);
    return (m_tensors.empty() ? "" : table.render(format) + "\n") + footer(seconds);
}

}  // namespace app
