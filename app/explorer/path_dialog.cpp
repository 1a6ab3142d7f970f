#include "app/explorer/path_dialog.h"

#include "app/explorer/control_list.h"
#include "app/explorer/controls.h"
#include "app/plot/theme.h"
#include "quant/input_error.h"

#include <imgui.h>

#include <algorithm>
#include <utility>

namespace app {

void PathDialog::open(std::string typed, PathCompletionOptions options) {
    m_typed = std::move(typed);
    m_options = std::move(options);
    m_problem.clear();
    m_isOpen = m_isFocusWanted = true;
    complete();
}

void PathDialog::type(std::string typed) {
    m_typed = std::move(typed);
    complete();
}

void PathDialog::complete() {
    m_completion = completePath(m_typed, m_options);
    m_completed = m_typed;
    m_chosen = -1;
}

int PathDialog::onEdit(ImGuiInputTextCallbackData* data) {
    auto& dialog = *static_cast<PathDialog*>(data->UserData);
    const auto put = [&](const std::string& text) {
        data->DeleteChars(0, data->BufTextLen);
        data->InsertChars(0, text.c_str());
    };
    const int entries = static_cast<int>(dialog.m_completion.entries.size());
    if (data->EventFlag == ImGuiInputTextFlags_CallbackCompletion) {
        const bool isOne = entries == 1;
        if (dialog.m_chosen >= 0 || isOne)
            put(dialog.m_completion.entries[static_cast<size_t>(std::max(dialog.m_chosen, 0))].text);
        else
            put(dialog.m_completion.common);
    } else if (data->EventFlag == ImGuiInputTextFlags_CallbackHistory && entries > 0) {
        const int step = data->EventKey == ImGuiKey_UpArrow ? -1 : 1;
        dialog.m_chosen = std::clamp(dialog.m_chosen + step, -1, entries - 1);
    }
    return 0;
}

bool PathDialog::showField() {
    if (std::exchange(m_isFocusWanted, false)) controls().wantFocus("dialog/path");
    ImGui::SetNextItemWidth(-1);
    constexpr int flags = ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CallbackCompletion |
                          ImGuiInputTextFlags_CallbackHistory;
    const bool isEntered = textField("dialog/path", m_typed, "path", "", flags, onEdit, this);
    if (m_typed != m_completed) {
        complete();
        m_problem.clear();
    }
    return isEntered;
}

// The typed path, or the chosen entry; a folder among the entries is gone into instead.
std::optional<std::string> PathDialog::agreed(bool isEntered) {
    if (!isEntered) return std::nullopt;
    if (m_chosen >= 0) {
        const PathEntry entry = m_completion.entries[static_cast<size_t>(m_chosen)];
        m_typed = entry.text;
        if (entry.isFolder) {
            m_isFocusWanted = true;
            complete();
            return std::nullopt;
        }
    }
    if (m_typed.empty()) return std::nullopt;
    return typedPath(m_typed, m_options).string();
}

bool PathDialog::showEntries() {
    bool isTaken = false;
    for (size_t i = 0; i < m_completion.entries.size(); ++i) {
        const PathEntry& entry = m_completion.entries[i];
        const bool isChosen = m_chosen == static_cast<int>(i);
        ImGui::PushID(static_cast<int>(i));
        if (ImGui::Selectable(quant::printable(entry.name, 200).c_str(), isChosen,
                              ImGuiSelectableFlags_DontClosePopups)) {
            m_chosen = static_cast<int>(i);
            isTaken = true;
        }
        mark(("dialog/entry/" + entry.name).c_str(), "");
        if (isChosen && !ImGui::IsItemVisible()) ImGui::SetScrollHereY();
        ImGui::PopID();
    }
    if (m_completion.isCut) ImGui::TextDisabled("and more");
    if (m_completion.entries.empty())
        ImGui::TextDisabled(
            "%s", m_completion.problem.empty() ? "nothing begins so" : m_completion.problem.c_str());
    return isTaken;
}

bool PathDialog::showRecent(const std::vector<std::string>& recent) {
    bool isTaken = false;
    if (!recent.empty()) {
        ImGui::SeparatorText("Recent");
        for (const std::string& file : recent) {
            ImGui::PushID(file.c_str());
            if (ImGui::Selectable(quant::printable(file, 200).c_str(), false,
                                  ImGuiSelectableFlags_DontClosePopups)) {
                m_typed = file;
                m_chosen = -1;
                isTaken = true;
            }
            mark(("dialog/recent/" + file).c_str(), "");
            ImGui::PopID();
        }
    }
    return isTaken;
}

std::optional<std::string> PathDialog::show(const Theme& theme, float scale,
                                            const std::vector<std::string>& recent,
                                            const std::function<void()>& extra) {
    const bool isShown = ImGui::IsPopupOpen(m_title.c_str());
    if (!m_isOpen && !isShown) return std::nullopt;
    if (!isShown) ImGui::OpenPopup(m_title.c_str());
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({size.x / 2, size.y / 2}, ImGuiCond_Always, {0.5f, 0.5f});
    ImGui::SetNextWindowSize({std::min(620 * scale, size.x - 24 * scale),
                              std::min((extra ? 280 : 440) * scale, size.y - 24 * scale)});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
    const bool isBegun = ImGui::BeginPopupModal(
        m_title.c_str(), nullptr,
        ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    ImGui::PopStyleVar();
    if (!isBegun) return std::nullopt;
    const auto result = m_isOpen ? showInside(theme, recent, extra) : std::nullopt;
    if (!m_isOpen) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
    return result;
}

std::optional<std::string> PathDialog::showInside(const Theme& theme, const std::vector<std::string>& recent,
                                                  const std::function<void()>& extra) {
    bool isEntered = showField();
    const float lines = ImGui::GetTextLineHeightWithSpacing();
    const float below = ImGui::GetFrameHeightWithSpacing() * (extra ? 2.0f : 1.0f) +
                        (m_problem.empty() ? 0.2f : 2.2f) * lines;
    ImGui::BeginChild("entries", {0, std::max(ImGui::GetContentRegionAvail().y - below, 2 * lines)});
    if (showEntries() || showRecent(recent)) isEntered = true;
    ImGui::EndChild();
    if (!m_problem.empty()) {
        ImGui::PushStyleColor(ImGuiCol_Text, theme.error);
        ImGui::PushTextWrapPos();
        ImGui::TextUnformatted(m_problem.c_str());
        ImGui::PopTextWrapPos();
        ImGui::PopStyleColor();
    }
    if (extra) extra();
    if (textButton("dialog/ok", m_verb.c_str(), "Enter")) isEntered = true;
    ImGui::SameLine();
    if (textButton("dialog/cancel", "Cancel", "Esc") || ImGui::IsKeyPressed(ImGuiKey_Escape)) close();
    auto result = agreed(isEntered);
    if (isEntered && !result) m_isFocusWanted = true;
    return result;
}

}  // namespace app
