#include "app/explorer/table_panel.h"

#include "app/explorer/controls.h"
#include "app/explorer/panel_context.h"
#include "app/explorer/session_edit.h"
#include "app/explorer/table_cells.h"
#include "app/plot/value_text.h"
#include "quant/input_error.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <array>

namespace app {

namespace {

struct Column {
    TableColumn column;
    const char *title, *tip;
    float width;  // logical pixels
};

// What matters most stands left, where a narrow table still shows it.
constexpr Column columns[] = {
    {TableColumn::Name, "Name", "The tensor's name", 150},
    {TableColumn::Sqnr, "SQNR", "Signal to quantization noise in dB, at the chosen bits and OCTAV's clip",
     56},
    {TableColumn::Clip, "Clip", "OCTAV's clip at the chosen bits", 66},
    {TableColumn::Match, "Spread", "How |x| is spread over the 16 octaves below the largest", 72},
    {TableColumn::Shape, "Shape", "Length along each dimension; sorts as text", 96},
    {TableColumn::Absmax, "Absmax", "The largest |x|", 66},
    {TableColumn::Sigma, "\xcf\x83", "Standard deviation", 66},
    {TableColumn::Dtype, "Dtype", "How the file stores its elements", 50},
};

bool isSortable(TableColumn column) {
    return column != TableColumn::Match;  // the place of the sparkline, which has no order
}

void sortBy(TableState& state, TableColumn column) {
    if (state.column == column && state.isDescending) {
        state.column = TableColumn::File;  // the third click: as in the file
        state.isDescending = false;
    } else {
        state.isDescending = state.column == column;
        state.column = column;
    }
    state.isWorstFirst = false;
}

void drawArrow(const PanelContext& context, bool isDown) {
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    const float size = context.px(4), x = high.x - size - context.px(1), y = (low.y + high.y) / 2;
    const float tip = isDown ? size * 0.6f : -size * 0.6f;
    ImGui::GetWindowDrawList()->AddTriangleFilled({x - size, y - tip}, {x + size, y - tip}, {x, y + tip},
                                                  context.theme().accent);
}

void showHeaders(PanelContext& context) {
    TableState& state = context.session().table;
    ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
    for (int i = 0; i < static_cast<int>(std::size(columns)); ++i) {
        if (!ImGui::TableSetColumnIndex(i)) continue;
        const Column& column = columns[i];
        ImGui::TableHeader(column.title);
        const bool isClicked = ImGui::IsItemHovered() && ImGui::IsMouseReleased(ImGuiMouseButton_Left) &&
                               !ImGui::IsMouseDragPastThreshold(ImGuiMouseButton_Left);
        const bool isSorting =
            state.isWorstFirst ? column.column == TableColumn::Sqnr : column.column == state.column;
        if (isSorting && isSortable(column.column))
            drawArrow(context, !state.isWorstFirst && state.isDescending);
        mark((std::string("table/header/") + column.title).c_str(), column.tip);
        if (isClicked && isSortable(column.column)) sortBy(state, column.column);
    }
}

void showNumber(const std::optional<double>& value) {
    if (value) ImGui::TextUnformatted(valueText(*value).c_str());
}

void showCell(const PanelContext& context, const TensorRow& row, TableColumn column) {
    switch (column) {
        case TableColumn::Sqnr:
            return showSqnr(context, row);
        case TableColumn::Clip:
            return showNumber(row.clip);
        case TableColumn::Match:
            return showSparkline(context, row);
        case TableColumn::Shape:
            return ImGui::TextUnformatted(row.shape.c_str());
        case TableColumn::Absmax:
            return showNumber(row.absmax);
        case TableColumn::Sigma:
            return showNumber(row.sigma);
        case TableColumn::Dtype:
            return ImGui::TextUnformatted(row.dtype.c_str());
        default:
            return;
    }
}

void showRowMenu(PanelContext& context, const TensorRow& row) {
    if (!ImGui::BeginPopupContextItem("row menu")) return;
    Session& session = context.session();
    const bool isReference = session.reference == row.name;
    if (isReference) {
        if (ImGui::MenuItem("Remove its curves from the plot")) session.reference.reset();
        mark("table/menu/reference", "");
    } else {
        if (ImGui::MenuItem("Overlay its curves", nullptr, false, row.problem.empty()))
            session.reference = row.name;
        mark("table/menu/reference", "");
    }
    if (ImGui::MenuItem("Copy its name")) ImGui::SetClipboardText(row.name.c_str());
    mark("table/menu/copy", "");
    ImGui::EndPopup();
}

void showProgress(const PanelContext& context) {
    const double progress = context.workspace().table().progress();
    if (progress >= 1) return;
    const float width = ImGui::GetContentRegionAvail().x, height = context.px(2);
    ImVec2 start = ImGui::GetCursorScreenPos();
    start.y -= context.px(4);  // within the gap above the table
    ImGui::GetWindowDrawList()->AddRectFilled(
        start, {start.x + width * static_cast<float>(progress), start.y + height}, context.theme().accent);
}

}  // namespace

void TablePanel::showFilter(PanelContext& context) {
    Session& session = context.session();
    TableState& state = session.table;
    const float worst = textButtonWidth("Worst first");
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - worst - ImGui::GetStyle().ItemSpacing.x);
    const std::string tip =
        "Words of the name, or conditions: dtype:f16  shape:64x3  elements>1m  sqnr<20  is:problem  (" +
        keysText(shortcutOf(Action::FocusFilter)) + ")";
    const bool isEntered = textField("table/filter", state.filter, "filter", tip,
                                     ImGuiInputTextFlags_EnterReturnsTrue, nullptr, nullptr);
    const bool isLeft = ImGui::IsItemDeactivated() && ImGui::IsKeyPressed(ImGuiKey_Escape);
    if (isLeft) state.filter.clear();
    ImGui::SameLine();
    if (textButton("table/worst", "Worst first", tipOf(Action::WorstFirst), state.isWorstFirst))
        context.ask(Action::WorstFirst);
    TensorRows& rows = context.workspace().rows();
    const auto visible = rows.visible(state);
    if (isEntered && !visible.empty() && !rows.placeOf(session.tensor))
        selectTensor(session, rows.rows()[visible.front()].name);
    if (const std::string& problem = rows.filter().problem(); !problem.empty()) {
        ImGui::PushStyleColor(ImGuiCol_Text, context.theme().error);
        ImGui::TextUnformatted(quant::printable(problem, 200).c_str());
        ImGui::PopStyleColor();
    } else {
        ImGui::TextDisabled("%s of %s tensors", countText(visible.size()).c_str(),
                            countText(rows.rows().size()).c_str());
    }
}

void TablePanel::showRow(PanelContext& context, size_t index) {
    Session& session = context.session();
    const TensorRow& row = context.workspace().rows().rows()[index];
    const bool isDim = !row.problem.empty();
    ImGui::TableNextRow();
    ImGui::PushID(static_cast<int>(index));
    ImGui::TableSetColumnIndex(0);
    const ImVec2 start = ImGui::GetCursorPos();
    if (ImGui::Selectable("##row", row.name == session.tensor,
                          ImGuiSelectableFlags_SpanAllColumns | ImGuiSelectableFlags_AllowOverlap) &&
        !isDim)
        selectTensor(session, row.name);
    mark(("table/row/" + row.name).c_str(),
         isDim ? quant::printable(row.problem, 300) : quant::printable(row.name, 300));
    showRowMenu(context, row);
    ImGui::SetCursorPos(start);
    showName(context, row.name, context.workspace().rows().filter().positions(row.name), isDim);
    if (session.reference == row.name) {
        const ImVec2 low = ImGui::GetItemRectMin();
        ImGui::GetWindowDrawList()->AddRectFilled({low.x - context.px(5), low.y},
                                                  {low.x - context.px(2), low.y + ImGui::GetTextLineHeight()},
                                                  context.theme().dimText);
    }
    if (isDim) ImGui::PushStyleColor(ImGuiCol_Text, context.theme().dimText);
    for (int i = 1; i < static_cast<int>(std::size(columns)); ++i) {
        if (ImGui::TableSetColumnIndex(i)) showCell(context, row, columns[i].column);
    }
    if (isDim) ImGui::PopStyleColor();
    ImGui::PopID();
}

// Scrolls to the selected row when another is selected.
void TablePanel::keepInSight(PanelContext& context) {
    const std::string& selected = context.session().tensor;
    if (m_inSight == selected) return;
    const auto place = context.workspace().rows().placeOf(selected);
    m_inSight = selected;
    if (!place) return;
    const float row = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
    const float top = static_cast<float>(*place) * row, scroll = ImGui::GetScrollY();
    const float room = ImGui::GetWindowHeight() - 2 * row;  // below the header
    if (top < scroll) ImGui::SetScrollY(top);
    if (top + row > scroll + room) ImGui::SetScrollY(top + row - room);
}

void TablePanel::showRows(PanelContext& context) {
    constexpr ImGuiTableFlags flags = ImGuiTableFlags_ScrollX | ImGuiTableFlags_ScrollY |
                                      ImGuiTableFlags_RowBg | ImGuiTableFlags_Resizable |
                                      ImGuiTableFlags_Reorderable | ImGuiTableFlags_Hideable |
                                      ImGuiTableFlags_NoSavedSettings | ImGuiTableFlags_SizingFixedFit;
    if (!ImGui::BeginTable("tensors", static_cast<int>(std::size(columns)), flags,
                           ImGui::GetContentRegionAvail()))
        return;
    for (const Column& column : columns)
        ImGui::TableSetupColumn(column.title,
                                column.column == TableColumn::Name ? ImGuiTableColumnFlags_NoHide : 0,
                                context.px(column.width));
    ImGui::TableSetupScrollFreeze(0, 1);
    showHeaders(context);
    keepInSight(context);
    const auto visible = context.workspace().rows().visible(context.session().table);
    const float height = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
    m_pageRows = static_cast<size_t>(std::max(ImGui::GetWindowHeight() / height - 3, 1.0f));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(visible.size()), height);
    while (clipper.Step()) {
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
            showRow(context, visible[static_cast<size_t>(i)]);
    }
    ImGui::EndTable();
}

void TablePanel::show(PanelContext& context) {
    showFilter(context);
    showProgress(context);
    showRows(context);
}

void TablePanel::step(PanelContext& context, RowStep step) {
    TensorRows& rows = context.workspace().rows();
    const auto visible = rows.visible(context.session().table);
    std::string from = context.session().tensor;
    // Past rows that cannot be shown, as far as there are others.
    for (size_t tries = 0; tries < visible.size(); ++tries) {
        const auto row = rows.step(from, step, m_pageRows);
        if (!row || rows.rows()[*row].name == from) return;
        from = rows.rows()[*row].name;
        if (rows.rows()[*row].problem.empty()) return selectTensor(context.session(), from);
        if (step == RowStep::First || step == RowStep::PageDown) step = RowStep::Next;
        if (step == RowStep::Last || step == RowStep::PageUp) step = RowStep::Previous;
    }
}

}  // namespace app
