#include "app/explorer/input_queue.h"

#include <catch2/catch_test_macros.hpp>
#include <imgui.h>

using namespace app;

namespace {

KeyPressed down(int key) {
    return {key, true};
}
KeyPressed up(int key) {
    return {key, false};
}

// How many events each frame takes.
std::vector<size_t> partsOf(const InputEvents& events) {
    InputQueue queue;
    queue.add(events);
    std::vector<size_t> parts;
    while (!queue.isEmpty()) parts.push_back(queue.next().size());
    return parts;
}

using Parts = std::vector<size_t>;

}  // namespace

TEST_CASE("Moves of the pointer and typed text go into one frame", "[input_queue]") {
    CHECK(partsOf({PointerMoved{1, 1}, PointerMoved{2, 2}, TextTyped{"a"}, PointerMoved{3, 3}}) == Parts{4});
    CHECK(InputQueue().next().empty());
}

TEST_CASE("A click between two frames is seen pressed and let go", "[input_queue]") {
    CHECK(partsOf({PointerMoved{1, 1}, PointerButton{0, true}, PointerButton{0, false}}) == Parts{2, 1});
}

TEST_CASE("A button is pressed where the pointer was at that time", "[input_queue]") {
    CHECK(partsOf({PointerMoved{1, 1}, PointerButton{0, true}, PointerMoved{9, 9}, PointerButton{0, false},
                   PointerMoved{20, 20}}) == Parts{2, 2, 1});
}

TEST_CASE("A key is pressed with the modifiers of that time", "[input_queue]") {
    CHECK(partsOf({down(ImGuiKey_LeftCtrl), down(ImGuiKey_Q), up(ImGuiKey_LeftCtrl), up(ImGuiKey_Q)}) ==
          Parts{2, 2});
    CHECK(partsOf({down(ImGuiKey_A), up(ImGuiKey_A), down(ImGuiKey_LeftShift), down(ImGuiKey_A)}) ==
          Parts{1, 2, 1});
    CHECK(partsOf({down(ImGuiKey_LeftCtrl), PointerButton{0, true}, up(ImGuiKey_LeftCtrl)}) == Parts{2, 1});
}

TEST_CASE("Input keeps its order", "[input_queue]") {
    InputQueue queue;
    queue.add({down(ImGuiKey_A), up(ImGuiKey_A)});
    queue.add({down(ImGuiKey_B)});
    std::vector<int> keys;
    while (!queue.isEmpty())
        for (const InputEvent& event : queue.next()) keys.push_back(std::get<KeyPressed>(event).key);
    CHECK(keys == std::vector<int>{ImGuiKey_A, ImGuiKey_A, ImGuiKey_B});
}
