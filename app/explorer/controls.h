#pragma once

#include "app/explorer/shortcuts.h"

#include <string>

struct ImGuiInputTextCallbackData;

namespace app {

class ControlList;

// The small widgets that all panels are made of, on top of those of Dear ImGui. Each is entered into the
// ControlList of the present context under its name.

ControlList& controls();

// Enters the last item, and gives it a tooltip. An empty tip: none.
void mark(const char* name, const std::string& tip);
// The text of an action with its keys.
std::string tipOf(Action action);

// isOn: pressed in.
bool textButton(const char* name, const char* text, const std::string& tip, bool isOn = false);
// How wide it will be.
float textButtonWidth(const char* text);

enum class Icon { Table, Undo, Redo, Theme };
bool iconButton(const char* name, Icon icon, const std::string& tip, bool isOn = false,
                bool isEnabled = true);
float iconButtonWidth();

// A field of text of any length. flags: of Dear ImGui. callback: as there; user: what it finds in UserData.
bool textField(const char* name, std::string& text, const char* hint, const std::string& tip, int flags = 0,
               int (*callback)(ImGuiInputTextCallbackData*) = nullptr, void* user = nullptr);

// Puts controls beside each other, and into a further row where the present one is full.
class ControlFlow {
public:
    // Up to this place along x, in pixels of the picture.
    explicit ControlFlow(float right) : m_right(right) {}
    // Before each control. gap: to the one before, in pixels; negative: the usual one.
    void place(float width, float gap = -1);

private:
    float m_right;
    bool m_isFirst = true;
};

}  // namespace app
