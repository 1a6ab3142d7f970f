#include "app/explorer/top_bar.h"

#include "app/explorer/controls.h"
#include "app/explorer/panel_context.h"
#include "app/explorer/question_controls.h"
#include "app/explorer/view_name.h"
#include "quant/input_error.h"

#include <imgui.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace app {

namespace {

struct Tab {
    View view;
    const char *name, *text;
    Action action;
};
constexpr Tab tabs[] = {{View::Clip, "bar/clip", "Clip", Action::ShowClip},
                        {View::Channels, "bar/channels", "Channels", Action::ShowChannels},
                        {View::Compare, "bar/compare", "Compare", Action::ShowCompare},
                        {View::Values, "bar/values", "Values", Action::ShowValues},
                        {View::Device, "bar/device", "Device", Action::ShowDevice}};

struct Command {
    const char *name, *text;
    Action action;
};
constexpr Command commands[] = {{"bar/open", "Open", Action::Open},
                                {"bar/save", "Save", Action::Save},
                                {"bar/export", "Export", Action::Export},
                                {"bar/notices", "Messages", Action::ShowNotices},
                                {"bar/help", "Help", Action::ToggleHelp}};

// "model.safetensors", "a.npy and 2 more".
std::string openedText(const Session& session) {
    if (session.inputs.empty()) return "no file";
    std::filesystem::path path(session.inputs.front());
    if (!path.has_filename()) path = path.parent_path();
    std::string text = quant::printable(path.filename().string(), 100);
    if (session.inputs.size() > 1) text += " and " + std::to_string(session.inputs.size() - 1) + " more";
    return text;
}

void showOpened(PanelContext& context, ControlFlow& flow, float room) {
    const std::string whole = openedText(context.session());
    const float scale = context.view.ui.scale();
    const float width = std::clamp(ImGui::CalcTextSize(whole.c_str()).x, context.px(30), room);
    flow.place(width);
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted(fitted(whole, width / scale + 0.5f, context.view.ui.measure()).c_str());
    std::string tip;
    for (const std::string& input : context.session().inputs)
        tip += (tip.empty() ? "" : "\n") + quant::printable(input, 300);
    mark("bar/file", tip);
}

void showTabs(PanelContext& context, ControlFlow& flow) {
    bool isFirst = true;
    for (const Tab& tab : tabs) {
        flow.place(textButtonWidth(tab.text), isFirst ? -1 : context.px(2));
        isFirst = false;
        if (textButton(tab.name, tab.text, tipOf(tab.action), context.session().view == tab.view))
            context.ask(tab.action);
    }
}

float commandsWidth(const PanelContext& context) {
    float width = 3 * iconButtonWidth() + 9 * context.px(4);
    for (const Command& command : commands) width += textButtonWidth(command.text);
    return width;
}

void showCommands(PanelContext& context, ControlFlow& flow) {
    const float gap = context.px(4);
    const auto icon = [&](const char* name, Icon shape, Action action, bool isEnabled) {
        flow.place(iconButtonWidth(), gap);
        if (iconButton(name, shape, tipOf(action), false, isEnabled)) context.ask(action);
    };
    icon("bar/undo", Icon::Undo, Action::Undo, context.canUndo);
    icon("bar/redo", Icon::Redo, Action::Redo, context.canRedo);
    for (const Command& command : commands) {
        flow.place(textButtonWidth(command.text), gap);
        if (textButton(command.name, command.text, tipOf(command.action))) context.ask(command.action);
    }
    icon("bar/theme", Icon::Theme, Action::ToggleTheme, true);
}

}  // namespace

void showTopBar(PanelContext& context) {
    const float left = ImGui::GetCursorScreenPos().x, width = ImGui::GetContentRegionAvail().x;
    float tabsWidth = 0;
    for (const Tab& tab : tabs) tabsWidth += textButtonWidth(tab.text) + context.px(2);
    const float atRight = commandsWidth(context);
    const float room = width - tabsWidth - atRight - iconButtonWidth() - context.px(40);
    const bool isOneRow = room >= context.px(90);
    ControlFlow flow(left + width);
    flow.place(iconButtonWidth());
    if (iconButton("bar/table", Icon::Table, tipOf(Action::ToggleTable), context.session().isTableShown))
        context.ask(Action::ToggleTable);
    showOpened(
        context, flow,
        isOneRow ? room : std::max(width - tabsWidth - iconButtonWidth() - context.px(30), context.px(60)));
    showTabs(context, flow);
    if (isOneRow) {
        ImGui::SameLine();
        ImGui::SetCursorScreenPos({left + width - atRight, ImGui::GetCursorScreenPos().y});
        ImGui::Dummy({0, 0});
    }
    showCommands(context, flow);
    showQuestionControls(context);
}

}  // namespace app
