#include "app/analyze_plot.h"

#include "app/command.h"
#include "app/number_text.h"
#include "app/plot_option.h"
#include "quant/input_error.h"

#include <algorithm>
#include <cmath>
#include <format>
#include <limits>

namespace app {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Charts side by side at most, and what a tensor's name and a bar need of the height.
constexpr size_t mostCharts = 3;
constexpr size_t nameBytes = 60;  // of all charts' names beside each other
constexpr float nameHeight = 20, barHeight = 3.4f, roomyBar = 40;

// Of the picture's height what titles, legend and numbers take.
constexpr float around = 130;

// Of n things up to `most`, the first and the last among them.
std::vector<size_t> spread(size_t n, size_t most) {
    std::vector<size_t> chosen;
    const size_t count = std::min(n, most);
    for (size_t i = 0; i < count; ++i) chosen.push_back(count == 1 ? 0 : i * (n - 1) / (count - 1));
    return chosen;
}

// Both ends of a name of more bytes than `most`: tensors differ in the last parts of their names.
std::string shortened(const std::string& name, size_t most) {
    if (name.size() <= most) return name;
    const auto isStart = [&](size_t at) { return (name[at] & 0xc0) != 0x80; };  // of a character in UTF-8
    size_t head = most / 3, tail = name.size() - (most - head - 1);
    while (head > 0 && !isStart(head)) --head;
    while (tail < name.size() && !isStart(tail)) ++tail;
    return name.substr(0, head) + "…" + name.substr(tail);
}

}  // namespace

double AnalyzePlot::Row::worst() const {
    double least = infinity;
    for (const auto& sqnr : sqnrDb) least = std::min(least, sqnr.value_or(infinity));
    return least;
}

void AnalyzePlot::add(TensorRef ref, const quant::TensorAnalysis& analysis) {
    Row row{ref, quant::printable(analysis.info.name), {}};
    for (const quant::MethodResult& result : analysis.results) {
        const bool isExact = !result.sqnrDb && result.mse == 0 && analysis.profile.absmax() > 0;
        row.sqnrDb.push_back(isExact ? infinity : result.sqnrDb);
    }
    m_rows.push_back(std::move(row));
}

size_t AnalyzePlot::formatCount() const {
    const auto& [bits, formats] = std::tie(m_run.options.bits, m_run.options.formats);
    return formats.empty() ? bits.size() : formats.size();
}

std::string AnalyzePlot::formatName(size_t format) const {
    if (!m_run.options.formats.empty()) return m_run.options.formats[format].name();
    return counted(m_run.options.bits[format], "bit");
}

Colour AnalyzePlot::formatColour(const Theme& theme, size_t format) const {
    if (!m_run.options.formats.empty()) return seriesStyle(theme, format).colour;
    return bitsStyle(theme, static_cast<int>(m_run.options.bits[format])).colour;
}

bool AnalyzePlot::hasClipView() const {
    const quant::AnalysisOptions& options = m_run.options;
    const bool hasOneClip = std::ranges::none_of(options.formats, [](const quant::NumberFormat& format) {
        return format.isAffine || format.isBlockScaled() || format.fixedScale();
    });
    return m_rows.size() == 1 && m_rows[0].worst() < infinity && hasOneClip && options.formats.size() <= 1 &&
           options.granularity == quant::Granularity() && options.metric.kind == quant::MetricKind::Mse;
}

std::vector<const AnalyzePlot::Row*> AnalyzePlot::shownRows(size_t most) const {
    std::vector<const Row*> rows;
    for (const Row& row : m_rows) rows.push_back(&row);
    if (rows.size() <= most) return rows;
    std::ranges::stable_sort(rows, {}, &Row::worst);
    rows.resize(most);
    return rows;
}

BarChart AnalyzePlot::chartOf(const Theme& theme, const std::vector<const Row*>& rows, size_t firstFormat,
                              size_t formats, double largest) const {
    const auto& methods = m_run.options.methods;
    BarChart chart{.x = {.low = 0, .high = largest * 1.15, .label = "SQNR (dB)"}};
    for (size_t m = 0; m < methods.size(); ++m) {
        for (size_t f = 0; f < formats; ++f) {
            const std::string name = methods[m].name();
            chart.series.push_back(formats > 1 ? BarChart::Series{formatName(firstFormat + f),
                                                                  formatColour(theme, firstFormat + f)}
                                               : BarChart::Series{name, methodStyle(theme, name).colour});
        }
    }
    for (const Row* row : rows) {
        const size_t group = chart.groups.size();
        chart.groups.push_back(row->name);
        for (size_t s = 0; s < chart.series.size(); ++s) {
            const auto& sqnr = row->sqnrDb[s / formats * formatCount() + firstFormat + s % formats];
            if (!sqnr) continue;
            chart.x.low = std::min(chart.x.low, *sqnr * 1.05);
            chart.bars.push_back({.group = group,
                                  .series = s,
                                  .value = std::min(*sqnr, chart.x.high),
                                  .label = *sqnr == infinity ? "exact" : std::format("{:.1f}", *sqnr),
                                  .name = row->name + " " + chart.series[s].name});
        }
    }
    return chart;
}

AnalyzePlot::Charts AnalyzePlot::charts(const Theme& theme, float plotHeight) const {
    const size_t methods = m_run.options.methods.size(), formats = formatCount();
    const bool hasCharts = methods > 1 && formats > 1;
    const size_t series = hasCharts ? methods : methods * formats;
    const float rowHeight = std::max(nameHeight, barHeight * static_cast<float>(series) + 3);
    const auto rows = shownRows(static_cast<size_t>(std::max(plotHeight / rowHeight, 1.0f)));
    double largest = 1;
    for (const Row* row : rows) {
        for (const auto& sqnr : row->sqnrDb)
            if (sqnr && *sqnr < infinity) largest = std::max(largest, *sqnr);
    }
    Charts result{.title = "SQNR of "};
    if (rows.size() < m_rows.size()) result.title += "the " + std::to_string(rows.size()) + " worst of ";
    result.title += counted(m_rows.size(), "tensor");
    if (m_run.options.granularity != quant::Granularity())
        result.title += ", a clip per " + m_run.options.granularity.name();
    if (methods == 1) result.title += ", " + m_run.options.methods[0].name();
    if (formats == 1) result.title += ", " + formatName(0);
    const auto chosen = hasCharts ? spread(formats, mostCharts) : std::vector<size_t>{0};
    if (hasCharts && chosen.size() < formats) {
        result.title += ", " + std::to_string(chosen.size()) + " of " + std::to_string(formats) + " " +
                        (m_run.options.formats.empty() ? "bit widths" : "formats");
    }
    for (const size_t format : chosen) {
        BarChart& chart =
            result.charts.emplace_back(chartOf(theme, rows, format, hasCharts ? 1 : formats, largest));
        if (hasCharts) chart.title = formatName(format);
        for (std::string& name : chart.groups) name = shortened(name, nameBytes / chosen.size());
    }
    return result;
}

Picture AnalyzePlot::picture(engine::Device& device, const Global& global, const std::string& raw) const {
    if (hasClipView()) {
        const quant::AnalysisOptions& options = m_run.options;
        Session session{.inputs = {m_run.selection.fileOf(m_rows[0].ref).path()},
                        .raw = raw,
                        .tensor = m_run.selection.info(m_rows[0].ref).name,
                        .isTableShown = false,
                        .bits = options.bits,
                        .chosenBits = options.bits.front(),
                        .sign = options.sign,
                        .methods = {}};
        if (!options.formats.empty()) {
            session.format = options.formats[0];
            session.bits.clear();
        }
        for (const quant::Method& method : options.methods) session.methods.push_back(method.name());
        return viewPicture(device, global, session);
    }
    const Theme& theme = darkTheme();
    const Charts shown = charts(theme, static_cast<float>(plotPictureHeight) - around);
    const auto place = [&](FigureList& figures, const Ui& ui, const Rect& area) {
        std::vector<PlacedFigure> placed;
        const auto count = static_cast<float>(shown.charts.size());
        for (const BarChart& chart : shown.charts) {
            Rect frame = area;
            const auto index = static_cast<float>(placed.size());
            frame.left = std::round(std::lerp(area.left, area.right, index / count));
            frame.right = std::round(std::lerp(area.left, area.right, (index + 1) / count));
            // A few bars need not be as thick as they could.
            const size_t bars = std::max<size_t>(chart.groups.size() * chart.series.size(), 2);
            const float height = around + roomyBar * static_cast<float>(bars);
            frame.bottom = std::min(area.bottom, area.top + height);
            const BarRoom room{frame.width() * 0.7f, frame.height() - 5 * ui.lineHeight(), ui.lineHeight()};
            placed.push_back({figureOf(chart, theme, room), frame});
        }
        figures.add(placed);
    };
    return figurePicture(device, shown.title, theme, place);
}

}  // namespace app
