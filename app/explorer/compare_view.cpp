#include "app/explorer/compare_view.h"

#include "app/explorer/compare_figures.h"
#include "app/explorer/plot_gestures.h"
#include "app/explorer/view_context.h"
#include "app/number_text.h"
#include "app/plot/value_text.h"
#include "quant/input_error.h"

#include <imgui.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace app {

namespace {

// A chart that is smaller says too little.
constexpr float leastWidth = 200, leastHeight = 110;

constexpr std::array<std::pair<BarGrouping, const char*>, 3> groupings{
    {{BarGrouping::Method, "method"},
     {BarGrouping::Format, "format"},
     {BarGrouping::Granularity, "granularity"}}};

// How charts stand side by side. One that shows them all, else a single one.
struct Grid {
    size_t columns = 1, rows = 1;
    bool showsAll = true;
};

Grid gridFor(const Rect& area, size_t charts) {
    Grid best{.showsAll = charts <= 1};
    float bestSize = 0;
    for (size_t columns = 1; columns <= charts; ++columns) {
        const size_t rows = (charts + columns - 1) / columns;
        const float width = area.width() / static_cast<float>(columns);
        const float height = area.height() / static_cast<float>(rows);
        // Bars want to be long, and enough of them below each other.
        const float size = std::min(width / leastWidth, height / leastHeight);
        if (width < leastWidth || height < leastHeight || size <= bestSize) continue;
        best = {columns, rows, true};
        bestSize = size;
    }
    return best;
}

Rect cellOf(const Rect& area, const Grid& grid, size_t index) {
    const auto edge = [](float low, float high, size_t at, size_t parts) {
        return std::round(std::lerp(low, high, static_cast<float>(at) / static_cast<float>(parts)));
    };
    const size_t column = index % grid.columns, row = index / grid.columns;
    return {edge(area.left, area.right, column, grid.columns), edge(area.top, area.bottom, row, grid.rows),
            edge(area.left, area.right, column + 1, grid.columns),
            edge(area.top, area.bottom, row + 1, grid.rows)};
}

// A word that is pressed to choose it; whether it was.
bool showChoice(const ViewContext& context, const char* word, bool isChosen) {
    ImGui::PushStyleColor(ImGuiCol_Button, isChosen ? context.theme().selection : 0);
    ImGui::PushStyleColor(ImGuiCol_Text, isChosen ? context.theme().text : context.theme().dimText);
    const bool isPressed = ImGui::SmallButton(word);
    ImGui::PopStyleColor(2);
    return isPressed;
}

void showDim(const ViewContext& context, const std::string& text) {
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme().dimText);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopStyleColor();
}

void showHeading(ViewContext& context) {
    const quant::TensorInfo& info = context.workspace.shown()->info();
    ImGui::TextUnformatted(quant::printable(info.name, 120).c_str());
    ImGui::SameLine(0, context.px(14));
    const CompareTask& task = context.workspace.comparison();
    std::string about = std::string(name(info.dtype)) + "  " + shapeText(info.shape);
    if (!task.isDone() && task.expected() > 0)
        about += "  " + std::to_string(task.cells().size()) + " of " + std::to_string(task.expected());
    showDim(context, about);
    showDim(context, "grouped by");
    for (const auto& [grouping, word] : groupings) {
        ImGui::SameLine(0, context.px(6));
        if (showChoice(context, word, context.session.compare.grouping == grouping))
            context.session.compare.grouping = grouping;
    }
}

// Where not all charts have room: which one is shown. Adds the words to choose it by.
size_t chooseChart(const ViewContext& context, const std::vector<CompareChart>& charts) {
    int& chosen = *ImGui::GetStateStorage()->GetIntRef(ImGui::GetID("chosen chart"), 0);
    chosen = std::min(chosen, static_cast<int>(charts.size()) - 1);
    for (int i = 0; i < static_cast<int>(charts.size()); ++i) {
        const std::string& title = charts[static_cast<size_t>(i)].chart.title;
        const float width = ImGui::CalcTextSize(title.c_str()).x + context.px(10);
        if (i > 0) {
            ImGui::SameLine(0, context.px(6));
            if (ImGui::GetContentRegionAvail().x < width) ImGui::NewLine();
        }
        ImGui::PushID(i);
        if (showChoice(context, title.c_str(), i == chosen)) chosen = i;
        ImGui::PopID();
    }
    return static_cast<size_t>(chosen);
}

std::string clipText(const quant::ComparisonCell& cell) {
    if (cell.leastClip == cell.largestClip) return valueText(cell.largestClip);
    return valueText(cell.leastClip) + " … " + valueText(cell.largestClip);
}

void showTip(const ViewContext& context, const quant::ComparisonCell& cell, uint64_t finite) {
    const std::string about = cell.isMeasured ? "" : "≈ ";
    ImGui::BeginTooltip();
    ImGui::TextUnformatted((cell.method.name() + ", " + cell.format.name()).c_str());
    const std::string sqnr = cell.sqnrDb ? decibelText(*cell.sqnrDb) : sqnrLabel(cell);
    const std::array<std::pair<const char*, std::string>, 4> rows{
        {{"granularity", cell.granularity.name()},
         {"SQNR", about + sqnr},
         {"MSE", about + valueText(cell.squared / static_cast<double>(std::max<uint64_t>(finite, 1)))},
         {"clip", clipText(cell)}}};
    for (const auto& [name, value] : rows) {
        showDim(context, name);
        ImGui::SameLine(context.px(90));
        ImGui::TextUnformatted(value.c_str());
    }
    ImGui::EndTooltip();
}

// Panning, zooming, and what is under the pointer.
void follow(ViewContext& context, const CompareChart& chart, const LaidOutFigure& figure, int id) {
    ImGui::PushID(id);
    const PlotGestures gestures = plotGestures("bars", figure, context.ui.scale());
    ImGui::PopID();
    const Axis& axis = figure.figure.x;
    AxisView& view = context.session.compare.sqnr;
    if (gestures.isDoubleClicked) view.bounds.reset();
    moveAxis(view, axis, gestures.panned.x, gestures.zoom, axis.unitOf(gestures.value.x));
    if (!gestures.isHovered) return;
    const auto bar = barAt(chart.chart, gestures.value.y);
    if (!bar) return;
    const CompareTask& task = context.workspace.comparison();
    showTip(context, task.cells()[chart.cells[*bar]], task.profile()->finite());
}

void showCharts(ViewContext& context, const std::vector<CompareChart>& charts) {
    Grid grid = gridFor(restOfWindow(context), charts.size());
    size_t first = 0, shown = charts.size();
    if (!grid.showsAll) {
        first = chooseChart(context, charts);
        shown = 1;
    }
    const Rect area = restOfWindow(context);
    std::vector<PlacedFigure> figures;
    for (size_t i = 0; i < shown; ++i) {
        const Rect frame = cellOf(area, grid, i);
        BarChart chart = charts[first + i].chart;
        if (!grid.showsAll) chart.title.clear();  // chosen by it
        // But for names, title, legend and numbers.
        const float line = context.ui.lineHeight();
        const BarRoom room{frame.width() * 0.8f, frame.height() - 6 * line, line};
        figures.push_back({figureOf(chart, context.theme(), room), frame});
    }
    const size_t begin = context.figures.add(figures);
    for (size_t i = 0; i < shown; ++i)
        follow(context, charts[first + i], context.figures.all()[begin + i], static_cast<int>(i));
}

}  // namespace

void showCompareView(ViewContext& context) {
    Workspace& workspace = context.workspace;
    Session& session = context.session;
    if (!workspace.shown()) return showNotice(context, workspace.problemOf(session.tensor));
    showHeading(context);
    const CompareTask& task = workspace.comparison();
    if (!task.problem().empty()) return showNotice(context, task.problem());
    if (!task.profile()) return showNotice(context, "reading ...");
    if (task.profile()->absmax() == 0)
        return showNotice(context, "No element is finite and other than zero: there is nothing to compare.");
    if (task.cells().empty())
        return showNotice(context, task.isDone() ? "None of the methods means anything on these formats."
                                                 : "computing ...");
    CompareScene scene{.state = session.compare,
                       .cells = task.cells(),
                       .reference = workspace.referenceComparison().cells(),
                       .referenceName = {},
                       .theme = context.theme()};
    if (session.reference) scene.referenceName = quant::printable(*session.reference, 60);
    showCharts(context, compareCharts(scene));
}

}  // namespace app
