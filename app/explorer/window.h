#pragma once

#include "app/explorer/input_event.h"
#include "app/explorer/settings.h"
#include "app/explorer/ui.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct GLFWcursor;
struct GLFWwindow;

namespace app {

// The connection to the display, one at a time.
class Display {
public:
    // Throws engine::NoDevice where there is no display, saying what works without one.
    Display();
    ~Display();
    Display(const Display&) = delete;
    Display& operator=(const Display&) = delete;
};

// What has happened to a window since it was last asked.
struct WindowEvents {
    InputEvents input;                 // places in pixels of the picture
    std::vector<std::string> dropped;  // files
    bool isDamaged = false;            // the picture must be shown again
    bool isMoved = false;              // it has another place or size

    bool isEmpty() const { return input.empty() && dropped.empty() && !isDamaged; }
};

// A window of the desktop that something draws in. Hidden until show().
class Window {
public:
    // Where it was, as far as that is on a monitor still. Throws engine::NoDevice where no window can be had.
    Window(const Display& display, const WindowPlace& place, const std::string& title);
    ~Window();
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    void show();
    // Waits for events for at most so long: none, a while, or until one comes.
    WindowEvents waitFor(std::optional<double> seconds);

    // In pixels; 0 where nothing of it is to be seen.
    uint32_t width() const;
    uint32_t height() const;
    // Pixels of a logical pixel, as the monitor that it is on has it.
    float contentScale() const;
    bool isIconified() const;
    bool isClosing() const;
    void close();

    void setTitle(const std::string& title);
    // An ImGuiMouseCursor.
    void setCursor(int cursor);
    Clipboard clipboard();
    // Where it is now, or was before it was maximized.
    const WindowPlace& place() const { return m_place; }

    GLFWwindow* handle() const { return m_window.get(); }

private:
    struct Close {
        void operator()(GLFWwindow* window) const;
    };
    struct CloseCursor {
        void operator()(GLFWcursor* cursor) const;
    };
    void listen();
    void rememberPlace();

    std::unique_ptr<GLFWwindow, Close> m_window;
    std::map<int, std::unique_ptr<GLFWcursor, CloseCursor>> m_cursors;  // by shape
    int m_cursor = 0;
    WindowPlace m_place;
    WindowEvents m_events;
};

}  // namespace app
