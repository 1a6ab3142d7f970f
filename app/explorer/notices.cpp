#include "app/explorer/notices.h"

#include "app/explorer/controls.h"
#include "app/plot/theme.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <ranges>

namespace app {

namespace {

constexpr double fadeSeconds = 0.5;
constexpr size_t mostInCorner = 4;

double shownSeconds(const Notice& notice) {
    return notice.kind == NoticeKind::Error || notice.kind == NoticeKind::Warning ? 10 : 4;
}

Colour colourOf(NoticeKind kind, const Theme& theme) {
    switch (kind) {
        case NoticeKind::Error:
            return theme.error;
        case NoticeKind::Warning:
            return theme.warning;
        case NoticeKind::Done:
            return theme.accent;
        case NoticeKind::Note:
            break;
    }
    return theme.dimText;
}

std::string_view wordOf(NoticeKind kind) {
    constexpr std::string_view words[] = {"Note", "Done", "Warning", "Error"};
    return words[static_cast<size_t>(kind)];
}

// A stripe of the kind's colour, so that it is told apart, and its word, where colours cannot be.
void showOne(const Notice& notice, const Theme& theme, float scale, float opacity, float width) {
    const ImVec2 start = ImGui::GetCursorScreenPos();
    ImGui::Indent(8 * scale);
    ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width - 16 * scale);
    ImGui::PushStyleColor(ImGuiCol_Text, colourOf(notice.kind, theme));
    ImGui::TextUnformatted(wordOf(notice.kind).data());
    ImGui::PopStyleColor();
    ImGui::TextUnformatted(notice.text.c_str());
    ImGui::PopTextWrapPos();
    ImGui::Unindent(8 * scale);
    const auto alpha = static_cast<uint32_t>(255 * opacity);
    ImGui::GetWindowDrawList()->AddRectFilled(start, {start.x + 3 * scale, ImGui::GetItemRectMax().y},
                                              withAlpha(colourOf(notice.kind, theme), alpha));
}

}  // namespace

void Notices::add(NoticeKind kind, std::string text) {
    const bool isRepeated = !m_notices.empty() && m_notices.back().text == text;
    if (isRepeated) m_notices.pop_back();
    m_notices.push_back({kind, std::move(text)});
    if (m_notices.size() > mostKept) m_notices.erase(m_notices.begin());
}

void Notices::step(double seconds) {
    for (Notice& notice : m_notices) notice.age += seconds;
}

float Notices::opacity(const Notice& notice) {
    const double left = shownSeconds(notice) - notice.age;
    return static_cast<float>(std::clamp(left / fadeSeconds, 0.0, 1.0));
}

std::optional<double> Notices::changesIn() const {
    std::optional<double> next;
    for (const Notice& notice : m_notices) {
        const double left = shownSeconds(notice) - notice.age;
        if (left <= 0) continue;
        const double change = std::max(left - fadeSeconds, 0.0);
        next = next ? std::min(*next, change) : change;
    }
    return next;
}

void Notices::showCorner(const Theme& theme, float scale) {
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    const float width = std::min(360 * scale, size.x - 32 * scale);
    float bottom = size.y - 12 * scale;
    size_t shown = 0;
    for (Notice& notice : std::views::reverse(m_notices)) {
        const float solid = opacity(notice);
        if (solid == 0 || ++shown > mostInCorner) continue;
        const std::string name = "notice" + std::to_string(shown);
        ImGui::SetNextWindowPos({size.x - 12 * scale, bottom}, ImGuiCond_Always, {1, 1});
        ImGui::SetNextWindowSize({width, 0});
        ImGui::PushStyleVar(ImGuiStyleVar_Alpha, solid);
        ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
        ImGui::Begin(name.c_str(), nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                         ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoFocusOnAppearing |
                         ImGuiWindowFlags_NoNav | ImGuiWindowFlags_AlwaysAutoResize);
        showOne(notice, theme, scale, solid, width);
        if (ImGui::IsWindowHovered() && ImGui::IsMouseReleased(ImGuiMouseButton_Left))
            notice.age = shownSeconds(notice);
        ImGui::BringWindowToDisplayFront(ImGui::GetCurrentWindow());
        bottom -= ImGui::GetWindowHeight() + 6 * scale;
        ImGui::End();
        ImGui::PopStyleVar(2);
    }
}

void Notices::showList(const Theme& theme, float scale, bool isAsked) {
    if (isAsked) ImGui::OpenPopup("messages");
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    const float width = std::min(520 * scale, size.x - 40 * scale);
    ImGui::SetNextWindowPos({size.x / 2, size.y / 2}, ImGuiCond_Always, {0.5f, 0.5f});
    ImGui::SetNextWindowSize({width, std::min(420 * scale, size.y - 40 * scale)});
    if (!ImGui::BeginPopup("messages")) return;
    ImGui::TextUnformatted("Messages");
    ImGui::Separator();
    if (m_notices.empty()) ImGui::TextDisabled("There were none.");
    for (const Notice& notice : std::views::reverse(m_notices)) {
        ImGui::PushID(&notice);
        showOne(notice, theme, scale, 1, width);
        ImGui::PopID();
        ImGui::Spacing();
    }
    ImGui::EndPopup();
}

}  // namespace app
