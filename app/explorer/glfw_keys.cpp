#include "app/explorer/glfw_keys.h"

#include <imgui.h>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace app {

namespace {

// Where both sides count on in the same order.
struct Run {
    int glfwFirst, glfwLast, imguiFirst;
};
constexpr Run runs[] = {
    {GLFW_KEY_0, GLFW_KEY_9, ImGuiKey_0},
    {GLFW_KEY_A, GLFW_KEY_Z, ImGuiKey_A},
    {GLFW_KEY_F1, GLFW_KEY_F24, ImGuiKey_F1},
    {GLFW_KEY_KP_0, GLFW_KEY_KP_EQUAL, ImGuiKey_Keypad0},
};

constexpr std::pair<int, ImGuiKey> singles[] = {
    {GLFW_KEY_TAB, ImGuiKey_Tab},
    {GLFW_KEY_LEFT, ImGuiKey_LeftArrow},
    {GLFW_KEY_RIGHT, ImGuiKey_RightArrow},
    {GLFW_KEY_UP, ImGuiKey_UpArrow},
    {GLFW_KEY_DOWN, ImGuiKey_DownArrow},
    {GLFW_KEY_PAGE_UP, ImGuiKey_PageUp},
    {GLFW_KEY_PAGE_DOWN, ImGuiKey_PageDown},
    {GLFW_KEY_HOME, ImGuiKey_Home},
    {GLFW_KEY_END, ImGuiKey_End},
    {GLFW_KEY_INSERT, ImGuiKey_Insert},
    {GLFW_KEY_DELETE, ImGuiKey_Delete},
    {GLFW_KEY_BACKSPACE, ImGuiKey_Backspace},
    {GLFW_KEY_SPACE, ImGuiKey_Space},
    {GLFW_KEY_ENTER, ImGuiKey_Enter},
    {GLFW_KEY_ESCAPE, ImGuiKey_Escape},
    {GLFW_KEY_APOSTROPHE, ImGuiKey_Apostrophe},
    {GLFW_KEY_COMMA, ImGuiKey_Comma},
    {GLFW_KEY_MINUS, ImGuiKey_Minus},
    {GLFW_KEY_PERIOD, ImGuiKey_Period},
    {GLFW_KEY_SLASH, ImGuiKey_Slash},
    {GLFW_KEY_SEMICOLON, ImGuiKey_Semicolon},
    {GLFW_KEY_EQUAL, ImGuiKey_Equal},
    {GLFW_KEY_LEFT_BRACKET, ImGuiKey_LeftBracket},
    {GLFW_KEY_BACKSLASH, ImGuiKey_Backslash},
    {GLFW_KEY_RIGHT_BRACKET, ImGuiKey_RightBracket},
    {GLFW_KEY_GRAVE_ACCENT, ImGuiKey_GraveAccent},
    {GLFW_KEY_CAPS_LOCK, ImGuiKey_CapsLock},
    {GLFW_KEY_SCROLL_LOCK, ImGuiKey_ScrollLock},
    {GLFW_KEY_NUM_LOCK, ImGuiKey_NumLock},
    {GLFW_KEY_PRINT_SCREEN, ImGuiKey_PrintScreen},
    {GLFW_KEY_PAUSE, ImGuiKey_Pause},
    {GLFW_KEY_LEFT_CONTROL, ImGuiKey_LeftCtrl},
    {GLFW_KEY_LEFT_SHIFT, ImGuiKey_LeftShift},
    {GLFW_KEY_LEFT_ALT, ImGuiKey_LeftAlt},
    {GLFW_KEY_LEFT_SUPER, ImGuiKey_LeftSuper},
    {GLFW_KEY_RIGHT_CONTROL, ImGuiKey_RightCtrl},
    {GLFW_KEY_RIGHT_SHIFT, ImGuiKey_RightShift},
    {GLFW_KEY_RIGHT_ALT, ImGuiKey_RightAlt},
    {GLFW_KEY_RIGHT_SUPER, ImGuiKey_RightSuper},
    {GLFW_KEY_MENU, ImGuiKey_Menu},
};

// The key that a keyboard of the United States prints it with.
int keyPrinting(char character, int otherwise) {
    if (character >= 'a' && character <= 'z') return GLFW_KEY_A + (character - 'a');
    if (character >= 'A' && character <= 'Z') return GLFW_KEY_A + (character - 'A');
    // GLFW numbers these keys by their characters.
    constexpr char same[] = "0123456789',-./;=[\\]`";
    return std::ranges::contains(same, same + sizeof same - 1, character) ? character : otherwise;
}

}  // namespace

int imguiKey(int glfwKey, const char* keyName) {
    const bool isOnKeypad = glfwKey >= GLFW_KEY_KP_0 && glfwKey <= GLFW_KEY_KP_EQUAL;
    if (keyName && keyName[0] && !keyName[1] && !isOnKeypad) glfwKey = keyPrinting(keyName[0], glfwKey);
    for (const Run& run : runs) {
        if (glfwKey >= run.glfwFirst && glfwKey <= run.glfwLast)
            return run.imguiFirst + (glfwKey - run.glfwFirst);
    }
    const auto found = std::ranges::find(singles, glfwKey, &std::pair<int, ImGuiKey>::first);
    return found == std::end(singles) ? ImGuiKey_None : found->second;
}

int glfwCursorShape(int imguiCursor) {
    switch (imguiCursor) {
        case ImGuiMouseCursor_None:
            return 0;
        case ImGuiMouseCursor_TextInput:
            return GLFW_IBEAM_CURSOR;
        case ImGuiMouseCursor_ResizeAll:
            return GLFW_RESIZE_ALL_CURSOR;
        case ImGuiMouseCursor_ResizeNS:
            return GLFW_RESIZE_NS_CURSOR;
        case ImGuiMouseCursor_ResizeEW:
            return GLFW_RESIZE_EW_CURSOR;
        case ImGuiMouseCursor_ResizeNESW:
            return GLFW_RESIZE_NESW_CURSOR;
        case ImGuiMouseCursor_ResizeNWSE:
            return GLFW_RESIZE_NWSE_CURSOR;
        case ImGuiMouseCursor_Hand:
            return GLFW_POINTING_HAND_CURSOR;
        case ImGuiMouseCursor_NotAllowed:
            return GLFW_NOT_ALLOWED_CURSOR;
        default:
            return GLFW_ARROW_CURSOR;
    }
}

}  // namespace app
