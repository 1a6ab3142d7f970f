#include "app/explorer/input_queue.h"

#include <imgui.h>

#include <algorithm>

namespace app {

namespace {

bool isSameControl(const InputEvent& one, const InputEvent& other) {
    if (const auto* a = std::get_if<PointerButton>(&one)) {
        const auto* b = std::get_if<PointerButton>(&other);
        return b && a->button == b->button;
    }
    if (const auto* a = std::get_if<KeyPressed>(&one)) {
        const auto* b = std::get_if<KeyPressed>(&other);
        return b && a->key == b->key;
    }
    return false;
}

bool isModifier(int key) {
    return key >= ImGuiKey_LeftCtrl && key <= ImGuiKey_RightSuper;
}

// Whether the later of both must wait for another frame: it would change what the earlier one means.
bool needsFrameBetween(const InputEvent& earlier, const InputEvent& later) {
    const bool isPointerUsed =
        std::holds_alternative<PointerButton>(earlier) || std::holds_alternative<WheelTurned>(earlier);
    const bool isKey = std::holds_alternative<KeyPressed>(later);
    if (isPointerUsed && (isKey || std::holds_alternative<PointerMoved>(later))) return true;
    const auto* key = std::get_if<KeyPressed>(&earlier);
    if (isKey && key && key->isDown && !isModifier(key->key)) return true;
    return isSameControl(earlier, later);
}

}  // namespace

InputEvents InputQueue::next() {
    InputEvents part;
    while (!m_events.empty()) {
        const InputEvent& event = m_events.front();
        if (std::ranges::any_of(part,
                                [&](const InputEvent& earlier) { return needsFrameBetween(earlier, event); }))
            break;
        part.push_back(event);
        m_events.pop_front();
    }
    return part;
}

}  // namespace app
