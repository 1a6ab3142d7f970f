#include "app/explorer/help_overlay.h"

#include "app/explorer/controls.h"
#include "app/explorer/shortcuts.h"
#include "app/plot/theme.h"

#include <imgui.h>

#include <algorithm>
#include <vector>

namespace app {

namespace {

constexpr const char* title = "Keys and gestures";

void showLine(const Theme& theme, float scale, std::string_view keys, std::string_view text) {
    ImGui::PushStyleColor(ImGuiCol_Text, theme.accent);
    ImGui::TextUnformatted(keys.data(), keys.data() + keys.size());
    ImGui::PopStyleColor();
    mark(("help/" + std::string(text)).c_str(), "");
    ImGui::SameLine(128 * scale);
    ImGui::PushTextWrapPos();
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopTextWrapPos();
}

void showGroup(const Theme& theme, float scale, std::string_view group) {
    ImGui::SeparatorText(std::string(group).c_str());
    for (const Shortcut& shortcut : shortcuts()) {
        if (shortcut.group == group) showLine(theme, scale, keysText(shortcut), shortcut.text);
    }
    for (const Gesture& gesture : gestures()) {
        if (gesture.group == group) showLine(theme, scale, gesture.keys, gesture.text);
    }
}

std::vector<std::string_view> groups() {
    std::vector<std::string_view> all;
    for (const Shortcut& shortcut : shortcuts()) {
        if (!std::ranges::contains(all, shortcut.group)) all.push_back(shortcut.group);
    }
    return all;
}

bool isLeaving() {
    const bool isOutside = ImGui::IsMouseClicked(ImGuiMouseButton_Left) && !ImGui::IsWindowHovered();
    return isOutside || std::ranges::any_of(std::initializer_list<ImGuiKey>{ImGuiKey_Escape, ImGuiKey_H,
                                                                            ImGuiKey_F1, ImGuiKey_Enter},
                                            [](ImGuiKey key) { return ImGui::IsKeyPressed(key, false); });
}

}  // namespace

void showHelp(const Theme& theme, float scale, bool isAsked) {
    if (isAsked) ImGui::OpenPopup(title);
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    const float width = std::min(860 * scale, size.x - 24 * scale);
    ImGui::SetNextWindowPos({size.x / 2, size.y / 2}, ImGuiCond_Always, {0.5f, 0.5f});
    ImGui::SetNextWindowSize({width, std::min(640 * scale, size.y - 24 * scale)});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
    const bool isBegun = ImGui::BeginPopupModal(
        title, nullptr,
        ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    ImGui::PopStyleVar();
    if (!isBegun) return;
    const bool isWide = width >= 700 * scale;
    if (ImGui::BeginTable("help", isWide ? 2 : 1)) {
        ImGui::TableNextColumn();
        size_t place = 0;
        for (const std::string_view group : groups()) {
            if (isWide && place++ == 3) ImGui::TableNextColumn();
            ImGui::BeginGroup();
            showGroup(theme, scale, group);
            ImGui::EndGroup();
        }
        ImGui::EndTable();
    }
    if (!isAsked && !ImGui::IsWindowAppearing() && isLeaving()) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

}  // namespace app
