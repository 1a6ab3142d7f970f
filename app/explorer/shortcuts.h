#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace app {

// What a key or a button asks for.
enum class Action {
    ShowClip,
    ShowChannels,
    ShowCompare,
    ShowValues,
    ShowDevice,
    MoreBits,
    FewerBits,
    ToggleCurve,
    FitAxes,
    ClipLeft,
    ClipRight,
    ClipFarLeft,
    ClipFarRight,
    SnapClip,
    TypeClip,
    CopyClip,
    CopyCommand,
    RowUp,
    RowDown,
    RowPageUp,
    RowPageDown,
    RowFirst,
    RowLast,
    FocusFilter,
    WorstFirst,
    SortNext,
    SortBackwards,
    ToggleTable,
    ToggleReference,
    Open,
    Save,
    Export,
    Undo,
    Redo,
    ToggleTheme,
    ShowNotices,
    ToggleHelp,
};

// A key of Dear ImGui with its modifiers (ImGuiKeyChord); 0 for none.
struct Shortcut {
    Action action;
    std::string_view group, text;  // of the help, and of the button's tooltip
    std::array<int, 3> chords;     // any of them
    bool doesRepeat = false;       // while the key is held
    bool worksInText = false;      // while a text field has the keys
};

// What the pointer does, for the help alone.
struct Gesture {
    std::string_view group, keys, text;
};

// Both by groups. Every action has a shortcut.
std::span<const Shortcut> shortcuts();
std::span<const Gesture> gestures();
const Shortcut& shortcutOf(Action action);

// "Ctrl+Shift+Z"; all chords of a shortcut with commas between.
std::string chordText(int chord);
std::string keysText(const Shortcut& shortcut);

// Whether a key asks for it in this frame of Dear ImGui. Never while a popup is open.
bool isAsked(Action action);

}  // namespace app
