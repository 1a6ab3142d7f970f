#include "app/explorer/shell.h"

#include "app/explorer/bare_view.h"
#include "app/explorer/control_list.h"
#include "app/explorer/controls.h"
#include "app/explorer/help_overlay.h"
#include "app/explorer/session_edit.h"
#include "app/explorer/top_bar.h"
#include "app/explorer/view_switch.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <array>
#include <utility>

namespace app {

namespace {

constexpr float leastTable = 150, usualTable = 410, leastView = 260, mostTablePart = 0.6f;

// Arrows and pages belong to the clip and the table, and not to the keyboard's walk through the controls, but
// for popups, where they choose.
void claimKeys() {
    if (ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup) || ImGui::GetIO().WantTextInput) return;
    for (const ImGuiKey key : {ImGuiKey_LeftArrow, ImGuiKey_RightArrow, ImGuiKey_UpArrow, ImGuiKey_DownArrow,
                               ImGuiKey_PageUp, ImGuiKey_PageDown, ImGuiKey_Home, ImGuiKey_End})
        ImGui::SetKeyOwner(key, ImGui::GetID("shortcuts"));
}

constexpr std::pair<Action, RowStep> steps[] = {
    {Action::RowUp, RowStep::Previous},   {Action::RowDown, RowStep::Next},
    {Action::RowPageUp, RowStep::PageUp}, {Action::RowPageDown, RowStep::PageDown},
    {Action::RowFirst, RowStep::First},   {Action::RowLast, RowStep::Last}};

constexpr std::pair<Action, View> views[] = {{Action::ShowClip, View::Clip},
                                             {Action::ShowChannels, View::Channels},
                                             {Action::ShowCompare, View::Compare},
                                             {Action::ShowValues, View::Values},
                                             {Action::ShowDevice, View::Device}};

void sortByNext(TableState& state) {
    constexpr TableColumn order[] = {TableColumn::File,  TableColumn::Name,  TableColumn::Sqnr,
                                     TableColumn::Clip,  TableColumn::Shape, TableColumn::Absmax,
                                     TableColumn::Sigma, TableColumn::Dtype};
    const auto at = std::ranges::find(order, state.column);
    state.column = at == std::end(order) || at + 1 == std::end(order) ? order[0] : *(at + 1);
    state.isWorstFirst = false;
}

// Those that change the session alone.
bool change(Session& session, Action action) {
    for (const auto& [asked, view] : views) {
        if (asked == action) return session.view = view, true;
    }
    switch (action) {
        case Action::MoreBits:
            return chooseBits(session, session.chosenBits + 1), true;
        case Action::FewerBits:
            return chooseBits(session, session.chosenBits - 1), true;
        case Action::ToggleCurve:
            return toggleCurve(session, session.chosenBits), true;
        case Action::FitAxes:
            return fitAxes(session), true;
        case Action::SnapClip:
            return session.clip.reset(), true;
        case Action::WorstFirst:
            return session.table.isWorstFirst = !session.table.isWorstFirst, true;
        case Action::SortNext:
            return sortByNext(session.table), true;
        case Action::SortBackwards:
            return session.table.isDescending = !session.table.isDescending, true;
        case Action::ToggleTable:
            return session.isTableShown = !session.isTableShown, true;
        case Action::ToggleTheme:
            session.theme = session.theme == Appearance::Dark ? Appearance::Light : Appearance::Dark;
            return true;
        case Action::ToggleReference:
            if (session.reference == session.tensor)
                session.reference.reset();
            else
                session.reference = session.tensor;
            return true;
        default:
            return false;
    }
}

}  // namespace

bool Shell::perform(PanelContext& context, Action action) {
    for (const auto& [asked, step] : steps) {
        if (asked == action) return m_table.step(context, step), true;
    }
    switch (action) {
        case Action::FocusFilter:
            context.session().isTableShown = true;
            return controls().wantFocus("table/filter"), true;
        case Action::TypeClip:
            return controls().wantFocus("clip/value"), true;
        case Action::ShowNotices:
            return m_isListAsked = true;
        case Action::ToggleHelp:
            return m_isHelpAsked = true;
        case Action::Open:
            return m_dialogs.askOpen(), true;
        default:
            return change(context.session(), action);
    }
}

void Shell::showView(PanelContext& context) {
    ImGui::BeginChild("view", {0, 0}, ImGuiChildFlags_AlwaysUseWindowPadding,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const ImVec2 start = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
    const float scale = context.view.ui.scale();
    m_viewRect = {start.x / scale, start.y / scale, (start.x + size.x) / scale, (start.y + size.y) / scale};
    app::showView(context.view);
    ImGui::EndChild();
}

// Between table and view: drag it to give one of them more room.
void Shell::showSplitter(PanelContext& context, float width, float height) {
    ImGui::SameLine(0, 0);
    ImGui::InvisibleButton("splitter", {context.px(6), height});
    mark("splitter", "Drag to make the table wider or narrower");
    const bool isUsed = ImGui::IsItemHovered() || ImGui::IsItemActive();
    if (isUsed) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    if (ImGui::IsItemActive())
        m_tableWidth = std::max(width + ImGui::GetIO().MouseDelta.x / context.view.ui.scale(), leastTable);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    const float middle = (low.x + high.x) / 2, half = context.px(isUsed ? 1.0f : 0.5f);
    ImGui::GetWindowDrawList()->AddRectFilled(
        {middle - half, low.y}, {middle + half, high.y},
        isUsed ? context.theme().accent : ImGui::GetColorU32(ImGuiCol_Border));
    ImGui::SameLine(0, 0);
}

void Shell::showBody(PanelContext& context) {
    const ImVec2 room = ImGui::GetContentRegionAvail();
    if (!context.session().isTableShown) return showView(context);
    const float wide = room.x / context.view.ui.scale();
    const float most = std::min(wide - leastView, wide * mostTablePart);
    const float wanted = m_tableWidth > 0 ? m_tableWidth : std::min(usualTable, wide * 0.4f);
    const float width = std::max(std::min(wanted, most), std::min(leastTable, most));
    ImGui::BeginChild("table", {context.px(width), room.y});
    m_table.show(context);
    ImGui::EndChild();
    showSplitter(context, width, room.y);
    showView(context);
}

std::optional<DialogAnswer> Shell::showPopups(PanelContext& context) {
    const float scale = context.view.ui.scale();
    showHelp(context.theme(), scale, std::exchange(m_isHelpAsked, false));
    m_notices.showList(context.theme(), scale, std::exchange(m_isListAsked, false));
    return m_dialogs.show(context.theme(), scale, m_recent);
}

std::optional<DialogAnswer> Shell::show(PanelContext& context, uint32_t width, uint32_t height, bool isBare) {
    claimKeys();
    for (const Shortcut& shortcut : shortcuts()) {
        if (isAsked(shortcut.action)) context.ask(shortcut.action);
    }
    if (isBare) {
        const float scale = context.view.ui.scale();
        m_viewRect = {0, 0, static_cast<float>(width) / scale, static_cast<float>(height) / scale};
        showBareView(context.view, width, height);
        const auto agreed = showPopups(context);
        m_notices.showCorner(context.theme(), scale);
        return agreed;
    }
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize({static_cast<float>(width), static_cast<float>(height)});
    ImGui::Begin("shell", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse |
                     ImGuiWindowFlags_NoBackground);
    showTopBar(context);
    showBody(context);
    const auto answer = showPopups(context);
    ImGui::End();
    m_notices.showCorner(context.theme(), context.view.ui.scale());
    return answer;
}

}  // namespace app
