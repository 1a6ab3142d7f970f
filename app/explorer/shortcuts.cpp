#include "app/explorer/shortcuts.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <stdexcept>

namespace app {

namespace {

constexpr int ctrl = ImGuiMod_Ctrl, shift = ImGuiMod_Shift;

constexpr Shortcut table[] = {
    {Action::ShowClip, "Views", "Clip: error versus clip, and the histogram", {ImGuiKey_1}},
    {Action::ShowChannels, "Views", "Channels: the clip of each channel", {ImGuiKey_2}},
    {Action::ShowCompare, "Views", "Compare: methods, formats, granularities", {ImGuiKey_3}},
    {Action::ShowValues, "Views", "Values: the elements as an image", {ImGuiKey_4}},
    {Action::ShowDevice, "Views", "Device: what computes", {ImGuiKey_5}},
    {Action::ToggleTable, "Views", "Show or hide the table of tensors", {ImGuiKey_T}},
    {Action::ToggleTheme, "Views", "Light or dark", {ImGuiKey_L}},
    {Action::MoreBits,
     "Curves",
     "One bit more",
     {ImGuiKey_Equal, ImGuiKey_Equal | shift, ImGuiKey_KeypadAdd}},
    {Action::FewerBits, "Curves", "One bit less", {ImGuiKey_Minus, ImGuiKey_KeypadSubtract}},
    {Action::ToggleCurve, "Curves", "Show or hide the curve of the chosen bits", {ImGuiKey_B}},
    {Action::FitAxes, "Curves", "Fit the axes to what is drawn", {ImGuiKey_0, ImGuiKey_F}},
    {Action::ToggleReference, "Curves", "Overlay the selected tensor's curves on others", {ImGuiKey_R}},
    {Action::ClipLeft, "Clip", "Move the clip by a pixel to the left", {ImGuiKey_LeftArrow}, true},
    {Action::ClipRight, "Clip", "Move the clip by a pixel to the right", {ImGuiKey_RightArrow}, true},
    {Action::ClipFarLeft, "Clip", "By ten pixels to the left", {ImGuiKey_LeftArrow | shift}, true},
    {Action::ClipFarRight, "Clip", "By ten pixels to the right", {ImGuiKey_RightArrow | shift}, true},
    {Action::TypeClip, "Clip", "Type the clip", {ImGuiKey_C}},
    {Action::SnapClip, "Clip", "Put the clip at OCTAV's optimum", {ImGuiKey_O}},
    {Action::CopyClip, "Clip", "Copy the clip and what is read off it", {ImGuiKey_C | ctrl}},
    {Action::CopyCommand, "Clip", "Copy the command that computes this view", {ImGuiKey_C | ctrl | shift}},
    {Action::RowUp, "Table", "Previous tensor", {ImGuiKey_UpArrow}, true},
    {Action::RowDown, "Table", "Next tensor", {ImGuiKey_DownArrow}, true},
    {Action::RowPageUp, "Table", "A page up", {ImGuiKey_PageUp}, true},
    {Action::RowPageDown, "Table", "A page down", {ImGuiKey_PageDown}, true},
    {Action::RowFirst, "Table", "First tensor", {ImGuiKey_Home}},
    {Action::RowLast, "Table", "Last tensor", {ImGuiKey_End}},
    {Action::FocusFilter,
     "Table",
     "Filter; Enter selects, Esc clears",
     {ImGuiKey_Slash, ImGuiKey_F | ctrl},
     false,
     true},
    {Action::WorstFirst, "Table", "The lowest SQNR on top", {ImGuiKey_W}},
    {Action::SortNext, "Table", "Sort by the next column", {ImGuiKey_S}},
    {Action::SortBackwards, "Table", "Sort the other way round", {ImGuiKey_S | shift}},
    {Action::Open, "Files", "Open a file, a folder or a session", {ImGuiKey_O | ctrl}, false, true},
    {Action::Save, "Files", "Save the session", {ImGuiKey_S | ctrl}, false, true},
    {Action::Export, "Files", "Export the plots: PNG, SVG, CSV", {ImGuiKey_E | ctrl}, false, true},
    {Action::Undo, "Everything", "Undo", {ImGuiKey_Z | ctrl}, true},
    {Action::Redo, "Everything", "Redo", {ImGuiKey_Z | ctrl | shift, ImGuiKey_Y | ctrl}, true},
    {Action::ShowNotices, "Everything", "Messages, to read again", {ImGuiKey_N}},
    {Action::ToggleHelp, "Everything", "This help", {ImGuiKey_H, ImGuiKey_F1}},
};

constexpr Gesture pointer[] = {
    {"Clip", "drag", "Near the line: move the clip"},
    {"Clip", "double click", "In a plot: OCTAV's optimum"},
    {"Curves", "wheel", "Zoom at the pointer; with Shift upwards too"},
    {"Curves", "right drag", "Move the axes; the middle button too"},
    {"Curves", "click a width", "Show or hide its curve; with Ctrl choose it"},
    {"Table", "click a header", "Sort by it, and the other way round"},
    {"Table", "right click", "Overlay a tensor's curves, copy its name"},
    {"Files", "drop", "Open what is dropped on the window"},
    {"Everything", "Tab, Space", "Go to the next control; use it"},
};

}  // namespace

std::span<const Shortcut> shortcuts() {
    return table;
}

std::span<const Gesture> gestures() {
    return pointer;
}

const Shortcut& shortcutOf(Action action) {
    const auto found = std::ranges::find(table, action, &Shortcut::action);
    if (found == std::end(table)) throw std::logic_error("an action has no shortcut");
    return *found;
}

std::string chordText(int chord) {
    std::string text;
    if (chord & ctrl) text += "Ctrl+";
    if (chord & shift) text += "Shift+";
    const int key = chord & ~ImGuiMod_Mask_;
    if (key == ImGuiKey_Equal) return text + (chord & shift ? "=" : "+");
    if (key == ImGuiKey_Minus) return text + "-";
    if (key == ImGuiKey_Slash) return text + "/";
    constexpr std::pair<int, std::string_view> names[] = {
        {ImGuiKey_LeftArrow, "Left"}, {ImGuiKey_RightArrow, "Right"},  {ImGuiKey_UpArrow, "Up"},
        {ImGuiKey_DownArrow, "Down"}, {ImGuiKey_KeypadAdd, "Num +"},   {ImGuiKey_KeypadSubtract, "Num -"},
        {ImGuiKey_PageUp, "Page Up"}, {ImGuiKey_PageDown, "Page Down"}};
    for (const auto& [named, keyName] : names) {
        if (named == key) return text + std::string(keyName);
    }
    return text + ImGui::GetKeyName(static_cast<ImGuiKey>(key));
}

std::string keysText(const Shortcut& shortcut) {
    std::string text;
    for (const int chord : shortcut.chords) {
        if (chord == 0 || chord == (ImGuiKey_Equal | shift)) continue;  // + is typed so on most keyboards
        text += (text.empty() ? "" : ", ") + chordText(chord);
    }
    return text;
}

bool isAsked(Action action) {
    const ImGuiIO& io = ImGui::GetIO();
    const Shortcut& shortcut = shortcutOf(action);
    if (io.WantTextInput && !shortcut.worksInText) return false;
    if (ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup)) return false;
    return std::ranges::any_of(shortcut.chords, [&](int chord) {
        if (chord == 0 || (chord & ImGuiMod_Mask_) != io.KeyMods) return false;
        if (io.WantTextInput && (chord & ImGuiMod_Mask_) == 0) return false;
        return ImGui::IsKeyPressed(static_cast<ImGuiKey>(chord & ~ImGuiMod_Mask_), shortcut.doesRepeat);
    });
}

}  // namespace app
