#pragma once

#include "app/explorer/control_list.h"
#include "app/explorer/input_event.h"
#include "app/plot/plot_items.h"
#include "app/plot/theme.h"

#include <cstdint>
#include <functional>
#include <string>

struct ImDrawData;
struct ImFontAtlas;
struct ImGuiContext;

namespace app {

// How texts get to other programs and back; UTF-8.
struct Clipboard {
    std::function<std::string()> get;
    std::function<void(const std::string&)> set;
};

// A context of Dear ImGui of one's own: fonts, colours and sizes by theme and scale; frames and input without
// a window. Every call makes it the current one, so that several can take turns on one thread.
class Ui {
public:
    Ui();
    ~Ui();
    Ui(const Ui&) = delete;
    Ui& operator=(const Ui&) = delete;

    // scale: pixels of a logical pixel, 0.5 to 8. Fonts are drawn anew for another scale. Not within a frame.
    void setLook(const Theme& theme, float scale);
    const Theme& theme() const { return *m_theme; }
    float scale() const { return m_scale; }

    // Between feed() and endFrame() the functions of Dear ImGui may be called. seconds: since the last frame.
    void feed(const InputEvent& event);
    void beginFrame(uint32_t width, uint32_t height, double seconds);
    const ImDrawData& endFrame();

    // Whether the next frame may look different without further input, as while a key repeats or a button is
    // held on something that scrolls. The cursor of text does not blink.
    bool isAnimating() const;
    // Whether the user is in the middle of something: a key or button is down, a text field has the keys.
    bool isHeld() const;

    // Of the last frame; what the functions of controls.h enter.
    const ControlList& controls() const { return m_controls; }

    // The system's clipboard. Without one, what is copied stays within the program.
    void setClipboard(Clipboard clipboard);
    // The shape of the pointer that the last frame asks for: an ImGuiMouseCursor.
    int cursor() const;

    ImFontAtlas& atlas();
    // In logical pixels.
    TextMeasure measure() const;
    float lineHeight() const;

private:
    void buildFonts();

    ImGuiContext* m_context;
    const Theme* m_theme;
    float m_scale = 0;
    ControlList m_controls;
    Clipboard m_clipboard;
    std::string m_pasted;  // what Dear ImGui looks at
};

}  // namespace app
