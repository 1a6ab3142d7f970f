#include "app/explorer/controls.h"

#include "app/explorer/control_list.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <stdexcept>

namespace app {

namespace {

struct FieldUser {
    std::string& text;
    int (*callback)(ImGuiInputTextCallbackData*);
    void* user;
};

int onField(ImGuiInputTextCallbackData* data) {
    auto& field = *static_cast<FieldUser*>(data->UserData);
    if (data->EventFlag == ImGuiInputTextFlags_CallbackResize) {
        field.text.resize(static_cast<size_t>(data->BufTextLen));
        data->Buf = field.text.data();
        return 0;
    }
    if (field.callback == nullptr) return 0;
    data->UserData = field.user;
    return field.callback(data);
}

// Within a square of one unit around the middle.
void drawIcon(ImDrawList& list, Icon icon, const ImVec2& middle, float unit, ImU32 ink) {
    const auto at = [&](float x, float y) { return ImVec2(middle.x + x * unit, middle.y + y * unit); };
    const float line = std::max(1.0f, unit * 0.1f), pi = IM_PI;
    if (icon == Icon::Theme) {
        list.AddCircle(middle, unit * 0.42f, ink, 0, line);
        list.PathArcTo(middle, unit * 0.42f, -pi / 2, pi / 2);
        list.PathFillConvex(ink);
    } else if (icon == Icon::Table) {
        list.AddRect(at(-0.45f, -0.4f), at(0.45f, 0.4f), ink, 0, 0, line);
        list.AddRectFilled(at(-0.45f, -0.4f), at(-0.1f, 0.4f), ink);
    } else {
        const float side = icon == Icon::Undo ? 1.0f : -1.0f;
        list.PathArcTo(at(0, 0.1f), unit * 0.36f, side > 0 ? -pi * 0.8f : -pi * 0.2f,
                       side > 0 ? pi * 0.4f : -pi * 1.4f);
        list.PathStroke(ink, 0, line);
        list.AddTriangleFilled(at(-0.5f * side, -0.42f), at(-0.5f * side, 0.06f), at(-0.04f * side, 0.0f),
                               ink);
    }
}

void pushOn(bool isOn) {
    if (!isOn) return;
    ImGui::PushStyleColor(ImGuiCol_Button, ImGui::GetStyleColorVec4(ImGuiCol_Header));
    ImGui::PushStyleColor(ImGuiCol_ButtonHovered, ImGui::GetStyleColorVec4(ImGuiCol_HeaderHovered));
}

void popOn(bool isOn) {
    if (isOn) ImGui::PopStyleColor(2);
}

}  // namespace

ControlList& controls() {
    auto* list = static_cast<ControlList*>(ImGui::GetIO().UserData);
    if (list == nullptr) throw std::logic_error("this context has no list of controls");
    return *list;
}

void mark(const char* name, const std::string& tip) {
    ImRect rect(ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
    const bool isHovered = ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled);
    rect.ClipWith(ImGui::GetCurrentWindow()->ClipRect);
    if (!ImGui::IsItemVisible() || rect.IsInverted()) return;
    controls().add(name, {rect.Min.x, rect.Min.y, rect.Max.x, rect.Max.y});
    if (!isHovered || tip.empty() || !controls().rest()) return;
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 24);
    ImGui::TextUnformatted(tip.c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
}

std::string tipOf(Action action) {
    const Shortcut& shortcut = shortcutOf(action);
    return std::string(shortcut.text) + "  (" + keysText(shortcut) + ")";
}

bool textButton(const char* name, const char* text, const std::string& tip, bool isOn) {
    pushOn(isOn);
    ImGui::PushID(name);
    const bool isPressed = ImGui::Button(text);
    ImGui::PopID();
    popOn(isOn);
    mark(name, tip);
    return isPressed;
}

float textButtonWidth(const char* text) {
    return ImGui::CalcTextSize(text, nullptr, true).x + 2 * ImGui::GetStyle().FramePadding.x;
}

bool iconButton(const char* name, Icon icon, const std::string& tip, bool isOn, bool isEnabled) {
    pushOn(isOn);
    ImGui::BeginDisabled(!isEnabled);
    ImGui::PushID(name);
    const bool isPressed = ImGui::Button("##icon", {iconButtonWidth(), ImGui::GetFrameHeight()});
    ImGui::PopID();
    const ImU32 ink = ImGui::GetColorU32(ImGuiCol_Text);
    ImGui::EndDisabled();
    popOn(isOn);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    drawIcon(*ImGui::GetWindowDrawList(), icon, {(low.x + high.x) / 2, (low.y + high.y) / 2},
             ImGui::GetFontSize(), ink);
    mark(name, tip);
    return isPressed;
}

float iconButtonWidth() {
    return ImGui::GetFrameHeight() * 1.2f;
}

bool textField(const char* name, std::string& text, const char* hint, const std::string& tip, int flags,
               int (*callback)(ImGuiInputTextCallbackData*), void* user) {
    FieldUser field{text, callback, user};
    const bool isWanted = controls().isFocusWanted(name);
    ImGui::PushID(name);
    if (isWanted) {  // SetKeyboardFocusHere() goes astray in a child that never had the focus
        ImGuiContext& context = *ImGui::GetCurrentContext();
        context.NavNextActivateId = ImGui::GetID("##text");
        context.NavNextActivateFlags = ImGuiActivateFlags_PreferInput;
    }
    const bool isDone = ImGui::InputTextWithHint("##text", hint, text.data(), text.capacity() + 1,
                                                 flags | ImGuiInputTextFlags_CallbackResize, onField, &field);
    ImGui::PopID();
    if (isWanted && ImGui::IsItemActive()) controls().gotFocus();
    mark(name, ImGui::IsItemActive() ? "" : tip);
    return isDone;
}

void ControlFlow::place(float width, float gap) {
    if (!m_isFirst) {
        const float space = gap < 0 ? ImGui::GetStyle().ItemSpacing.x : gap;
        if (ImGui::GetItemRectMax().x + space + width <= m_right) ImGui::SameLine(0, space);
    }
    m_isFirst = false;
}

}  // namespace app
