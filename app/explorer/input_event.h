#pragma once

#include <string>
#include <variant>
#include <vector>

namespace app {

// What a person does, from a window, a script or a stream alike. Places in pixels of the picture.
struct PointerMoved {
    float x = 0, y = 0;
};
struct PointerButton {
    int button = 0;  // 0 left, 1 right, 2 middle
    bool isDown = false;
};
struct WheelTurned {
    float x = 0, y = 0;  // notches, y up
};
struct KeyPressed {
    int key = 0;  // an ImGuiKey
    bool isDown = false;
};
struct TextTyped {
    std::string text;  // UTF-8
};
struct FocusChanged {
    bool hasFocus = false;  // without it every key and button counts as let go
};

using InputEvent =
    std::variant<PointerMoved, PointerButton, WheelTurned, KeyPressed, TextTyped, FocusChanged>;
using InputEvents = std::vector<InputEvent>;

}  // namespace app
