#pragma once

namespace app {

// The ImGuiKey of a key of GLFW; ImGuiKey_None where Dear ImGui knows none. keyName: what the keyboard's
// layout prints with it (glfwGetKeyName), or null: letters, digits and punctuation go by what is printed,
// so that Ctrl+Z is where the Z is.
int imguiKey(int glfwKey, const char* keyName);

// The GLFW cursor shape (GLFW_ARROW_CURSOR and so on) of an ImGuiMouseCursor; 0 for none.
int glfwCursorShape(int imguiCursor);

}  // namespace app
