#include "app/explorer/window.h"

#include "app/explorer/glfw_keys.h"
#include "engine/error.h"

#include <imgui.h>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>
#include <cfloat>
#include <cstdlib>

namespace app {

namespace {

constexpr const char* advice =
    "; `clipscope render` draws pictures without a display, `clipscope serve` shows "
    "the explorer in a browser";

std::string lastProblem() {
    const char* description = nullptr;
    glfwGetError(&description);
    return description == nullptr ? "" : std::string(" (") + description + ")";
}

WindowEvents& eventsOf(GLFWwindow* window) {
    return *static_cast<WindowEvents*>(glfwGetWindowUserPointer(window));
}

// GLFW counts places in screen coordinates, which some systems make of several pixels.
PointerMoved pointerAt(GLFWwindow* window, double x, double y) {
    int width = 0, height = 0, pixelsWide = 0, pixelsHigh = 0;
    glfwGetWindowSize(window, &width, &height);
    glfwGetFramebufferSize(window, &pixelsWide, &pixelsHigh);
    return {static_cast<float>(x * pixelsWide / std::max(width, 1)),
            static_cast<float>(y * pixelsHigh / std::max(height, 1))};
}

void onKey(GLFWwindow* window, int key, int scancode, int action, int) {
    if (action == GLFW_REPEAT) return;  // Dear ImGui repeats by itself
    const int known = imguiKey(key, key == GLFW_KEY_UNKNOWN ? nullptr : glfwGetKeyName(key, scancode));
    // A name that cannot be had is no error.
    glfwGetError(nullptr);
    if (known != ImGuiKey_None) eventsOf(window).input.emplace_back(KeyPressed{known, action == GLFW_PRESS});
}

std::string utf8(unsigned int codepoint) {
    std::string text;
    const auto add = [&](unsigned int byte) { text += static_cast<char>(byte); };
    if (codepoint < 0x80) {
        add(codepoint);
    } else if (codepoint < 0x800) {
        add(0xc0 | codepoint >> 6);
        add(0x80 | (codepoint & 0x3f));
    } else if (codepoint < 0x10000) {
        add(0xe0 | codepoint >> 12);
        add(0x80 | (codepoint >> 6 & 0x3f));
        add(0x80 | (codepoint & 0x3f));
    } else {
        add(0xf0 | codepoint >> 18);
        add(0x80 | (codepoint >> 12 & 0x3f));
        add(0x80 | (codepoint >> 6 & 0x3f));
        add(0x80 | (codepoint & 0x3f));
    }
    return text;
}

// Whether enough of the window would be on a monitor to take hold of it.
bool isReachable(const WindowPlace& place) {
    if (!place.position) return false;
    const auto [left, top] = *place.position;
    int count = 0;
    GLFWmonitor** monitors = glfwGetMonitors(&count);
    return std::ranges::any_of(monitors, monitors + count, [&](GLFWmonitor* monitor) {
        int x = 0, y = 0, width = 0, height = 0;
        glfwGetMonitorWorkarea(monitor, &x, &y, &width, &height);
        constexpr int grip = 100;
        return left + place.width >= x + grip && left <= x + width - grip && top >= y - grip &&
               top <= y + height - grip;
    });
}

}  // namespace

Display::Display() {
    // Where Wayland cannot be, looking for it would print a complaint.
    if (std::getenv("XDG_RUNTIME_DIR") == nullptr &&
        glfwPlatformSupported(GLFW_PLATFORM_WAYLAND) == GLFW_TRUE)
        glfwInitHint(GLFW_PLATFORM, GLFW_PLATFORM_X11);
    if (glfwInit() != GLFW_TRUE) throw engine::NoDevice("there is no display" + lastProblem() + advice);
    if (glfwVulkanSupported() != GLFW_TRUE) {
        glfwTerminate();
        throw engine::NoDevice(std::string("no Vulkan driver can show pictures in a window here") + advice);
    }
}

Display::~Display() {
    glfwTerminate();
}

void Window::Close::operator()(GLFWwindow* window) const {
    glfwDestroyWindow(window);
}

void Window::CloseCursor::operator()(GLFWcursor* cursor) const {
    glfwDestroyCursor(cursor);
}

Window::Window(const Display&, const WindowPlace& place, const std::string& title) : m_place(place) {
    glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);
    glfwWindowHint(GLFW_VISIBLE, GLFW_FALSE);
    glfwWindowHint(GLFW_MAXIMIZED, place.isMaximized);
    glfwWindowHintString(GLFW_X11_CLASS_NAME, "clipscope");
    glfwWindowHintString(GLFW_X11_INSTANCE_NAME, "clipscope");
    glfwWindowHintString(GLFW_WAYLAND_APP_ID, "clipscope");
    const bool isPlaced = isReachable(place);
    if (isPlaced) {
        glfwWindowHint(GLFW_POSITION_X, place.position->first);
        glfwWindowHint(GLFW_POSITION_Y, place.position->second);
    }
    m_window.reset(glfwCreateWindow(place.width, place.height, title.c_str(), nullptr, nullptr));
    if (!m_window) throw engine::NoDevice("no window can be opened" + lastProblem() + advice);
    glfwSetWindowSizeLimits(m_window.get(), 320, 240, GLFW_DONT_CARE, GLFW_DONT_CARE);
    if (!isPlaced) m_place.position.reset();
    listen();
}

Window::~Window() = default;

void Window::listen() {
    GLFWwindow* window = m_window.get();
    glfwSetWindowUserPointer(window, &m_events);
    glfwSetKeyCallback(window, onKey);
    glfwSetCharCallback(window, [](GLFWwindow* w, unsigned int codepoint) {
        eventsOf(w).input.emplace_back(TextTyped{utf8(codepoint)});
    });
    glfwSetCursorPosCallback(window, [](GLFWwindow* w, double x, double y) {
        eventsOf(w).input.emplace_back(pointerAt(w, x, y));
    });
    glfwSetCursorEnterCallback(window, [](GLFWwindow* w, int isInside) {
        // Where Dear ImGui takes it to be nowhere.
        if (!isInside) eventsOf(w).input.emplace_back(PointerMoved{-FLT_MAX, -FLT_MAX});
    });
    glfwSetMouseButtonCallback(window, [](GLFWwindow* w, int button, int action, int) {
        eventsOf(w).input.emplace_back(PointerButton{button, action == GLFW_PRESS});
    });
    glfwSetScrollCallback(window, [](GLFWwindow* w, double x, double y) {
        eventsOf(w).input.emplace_back(WheelTurned{static_cast<float>(x), static_cast<float>(y)});
    });
    glfwSetWindowFocusCallback(window, [](GLFWwindow* w, int hasFocus) {
        eventsOf(w).input.emplace_back(FocusChanged{hasFocus == GLFW_TRUE});
    });
    glfwSetDropCallback(window, [](GLFWwindow* w, int count, const char** paths) {
        eventsOf(w).dropped.insert(eventsOf(w).dropped.end(), paths, paths + count);
    });
    const auto damage = [](GLFWwindow* w) { eventsOf(w).isDamaged = true; };
    glfwSetWindowRefreshCallback(window, damage);
    glfwSetFramebufferSizeCallback(
        window, [](GLFWwindow* w, int, int) { eventsOf(w).isDamaged = eventsOf(w).isMoved = true; });
    glfwSetWindowPosCallback(window, [](GLFWwindow* w, int, int) { eventsOf(w).isMoved = true; });
    glfwSetWindowMaximizeCallback(window, [](GLFWwindow* w, int) { eventsOf(w).isMoved = true; });
    glfwSetWindowContentScaleCallback(window,
                                      [](GLFWwindow* w, float, float) { eventsOf(w).isDamaged = true; });
    glfwSetWindowIconifyCallback(window, [](GLFWwindow* w, int) { eventsOf(w).isDamaged = true; });
}

void Window::show() {
    glfwShowWindow(m_window.get());
}

WindowEvents Window::waitFor(std::optional<double> seconds) {
    if (!seconds)
        glfwWaitEvents();
    else if (*seconds > 0)
        glfwWaitEventsTimeout(*seconds);
    else
        glfwPollEvents();
    if (m_events.isMoved) rememberPlace();
    WindowEvents events;
    std::swap(events, m_events);
    return events;
}

uint32_t Window::width() const {
    int width = 0;
    glfwGetFramebufferSize(m_window.get(), &width, nullptr);
    return static_cast<uint32_t>(std::max(width, 0));
}

uint32_t Window::height() const {
    int height = 0;
    glfwGetFramebufferSize(m_window.get(), nullptr, &height);
    return static_cast<uint32_t>(std::max(height, 0));
}

float Window::contentScale() const {
    float across = 1, up = 1;
    glfwGetWindowContentScale(m_window.get(), &across, &up);
    return across;
}

bool Window::isIconified() const {
    return glfwGetWindowAttrib(m_window.get(), GLFW_ICONIFIED) == GLFW_TRUE;
}

bool Window::isClosing() const {
    return glfwWindowShouldClose(m_window.get()) == GLFW_TRUE;
}

void Window::close() {
    glfwSetWindowShouldClose(m_window.get(), GLFW_TRUE);
}

void Window::setTitle(const std::string& title) {
    glfwSetWindowTitle(m_window.get(), title.c_str());
}

void Window::setCursor(int cursor) {
    const int shape = glfwCursorShape(cursor);
    if (shape == m_cursor) return;
    m_cursor = shape;
    glfwSetInputMode(m_window.get(), GLFW_CURSOR, shape ? GLFW_CURSOR_NORMAL : GLFW_CURSOR_HIDDEN);
    if (!shape) return;
    auto& made = m_cursors[shape];
    if (!made) made.reset(glfwCreateStandardCursor(shape));
    glfwSetCursor(m_window.get(), made.get());  // none, where the theme lacks it: the arrow
    glfwGetError(nullptr);
}

Clipboard Window::clipboard() {
    GLFWwindow* window = m_window.get();
    return {[window] {
                const char* text = glfwGetClipboardString(window);
                return std::string(text == nullptr ? "" : text);
            },
            [window](const std::string& text) { glfwSetClipboardString(window, text.c_str()); }};
}

// The size and the place of a maximized window are not those that it goes back to.
void Window::rememberPlace() {
    GLFWwindow* window = m_window.get();
    m_place.isMaximized = glfwGetWindowAttrib(window, GLFW_MAXIMIZED) == GLFW_TRUE;
    if (m_place.isMaximized || isIconified()) return;
    int width = 0, height = 0;
    glfwGetWindowSize(window, &width, &height);
    if (width <= 0 || height <= 0) return;
    m_place.width = width;
    m_place.height = height;
    if (glfwGetPlatform() == GLFW_PLATFORM_WAYLAND) return;  // tells nobody
    int x = 0, y = 0;
    glfwGetWindowPos(window, &x, &y);
    m_place.position = {x, y};
}

}  // namespace app
