#include "app/explorer/clip_controls.h"

#include "app/explorer/control_list.h"
#include "app/explorer/controls.h"
#include "app/explorer/notices.h"
#include "app/explorer/view_context.h"
#include "app/plot/value_text.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <charconv>
#include <format>
#include <optional>

namespace app {

namespace {

// A positive normal float, whole.
std::optional<double> clipFrom(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    double clip = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), clip);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (!(clip >= 0x1p-126 && clip <= 0x1.fffffep127)) return std::nullopt;
    return clip;
}

bool canMove(const quant::ClippedGrid& grid) {
    return !grid.format.isAffine && !grid.format.isBlockScaled() && !grid.format.fixedScale();
}

// While it has the keys the field holds what is typed, else the clip. What is no clip is not taken: the field
// keeps the keys, in a red frame.
void showField(ViewContext& context, const quant::ClippedGrid& grid) {
    ImGuiStorage& storage = *ImGui::GetStateStorage();
    const ImGuiID refused = ImGui::GetID("clip is refused");
    std::string text = std::format("{}", grid.clip);
    const bool isRefused = storage.GetBool(refused);
    if (isRefused) {
        ImGui::PushStyleColor(ImGuiCol_Border, context.theme().error);
        ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, context.px(1.5f));
    }
    ImGui::SetNextItemWidth(context.px(104));
    const bool isEntered =
        textField("clip/value", text, "", tipOf(Action::TypeClip),
                  ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
    if (isRefused) {
        ImGui::PopStyleVar();
        ImGui::PopStyleColor();
    }
    if (isEntered) {
        const auto clip = clipFrom(text);
        if (clip) context.session.clip = *clip;
        storage.SetBool(refused, !clip);
        if (!clip) {
            if (context.notices)
                context.notices->add(NoticeKind::Warning, "'" + text + "' is no clip: a number above 0 is.");
            controls().wantFocus("clip/value");
        }
    } else if (ImGui::IsItemEdited() || ImGui::IsItemDeactivated()) {
        storage.SetBool(refused, false);
    }
}

}  // namespace

void showClipControls(ViewContext& context, const quant::ClippedGrid& grid, const std::string& reading) {
    const float width = ImGui::CalcTextSize("clip").x + context.px(117) + textButtonWidth("Optimum") +
                        textButtonWidth("Copy");
    if (ImGui::GetContentRegionAvail().x < width) ImGui::NewLine();
    ImGui::AlignTextToFramePadding();
    if (canMove(grid)) {
        ImGui::TextDisabled("clip");
        ImGui::SameLine(0, context.px(5));
        showField(context, grid);
        ImGui::SameLine(0, context.px(4));
        if (textButton("clip/optimum", "Optimum", tipOf(Action::SnapClip), !context.session.clip))
            context.session.clip.reset();
        ImGui::SameLine(0, context.px(4));
    } else if (!grid.format.fixedScale()) {
        ImGui::TextDisabled("clip");
        ImGui::SameLine(0, context.px(5));
        const std::string low = grid.format.isAffine ? valueText(grid.low) + " … " : "";
        ImGui::TextUnformatted((low + valueText(grid.clip)).c_str());
        ImGui::SameLine(0, context.px(8));
    }
    if (textButton("clip/copy", "Copy", tipOf(Action::CopyClip)) || isAsked(Action::CopyClip)) {
        ImGui::SetClipboardText(reading.c_str());
        if (context.notices) context.notices->add(NoticeKind::Done, "Copied  " + reading);
    }
    ImGui::SameLine(0, context.px(14));
}

}  // namespace app
