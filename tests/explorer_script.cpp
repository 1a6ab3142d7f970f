#include "tests/explorer_script.h"

#include "app/explorer/shortcuts.h"
#include "tests/device_fixture.h"

#include <catch2/catch_test_macros.hpp>
#include <imgui.h>

#include <vector>

namespace tests {

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;

int keyNamed(std::string_view name) {
    for (int key = ImGuiKey_NamedKey_BEGIN; key < ImGuiKey_NamedKey_END; ++key) {
        if (app::chordText(key) == name) return key;
    }
    FAIL("no key is named " << name);
    return 0;
}

// The keys of a chord, modifiers first.
std::vector<int> keysOf(std::string_view chord) {
    std::vector<int> keys;
    for (const auto& [word, key] : {std::pair{std::string_view("Ctrl+"), ImGuiKey_LeftCtrl},
                                    {std::string_view("Shift+"), ImGuiKey_LeftShift}}) {
        if (!chord.starts_with(word)) continue;
        keys.push_back(key);
        chord.remove_prefix(word.size());
    }
    keys.push_back(keyNamed(chord));
    return keys;
}

}  // namespace

ExplorerScript::ExplorerScript(engine::Device& device, const app::PictureSize& size)
    : m_explorer(device, ampleBytes, quant::CountingPath::Auto), m_offscreen(device, m_explorer, size) {}

void ExplorerScript::show(const app::Session& session) {
    m_explorer.show(session);
    settle();
}

void ExplorerScript::settle() {
    m_offscreen.finished();
}

void ExplorerScript::frames(int count) {
    for (int i = 0; i < count; ++i) m_offscreen.frame();
}

bool ExplorerScript::isInSight(std::string_view control) {
    return m_explorer.ui().controls().find(control) != nullptr;
}

glm::vec2 ExplorerScript::placeOf(std::string_view control) {
    const app::Rect* rect = m_explorer.ui().controls().find(control);
    INFO("control " << control);
    REQUIRE(rect != nullptr);
    return {(rect->left + rect->right) / 2, (rect->top + rect->bottom) / 2};
}

void ExplorerScript::moveTo(const glm::vec2& place) {
    m_explorer.feed(app::PointerMoved{place.x, place.y});
    frames(1);
}

void ExplorerScript::clickAt(const glm::vec2& place, int button) {
    moveTo(place);
    m_explorer.feed(app::PointerButton{button, true});
    frames(1);
    m_explorer.feed(app::PointerButton{button, false});
    frames(3);
}

// After a pause, so that a click before does not make it a triple one.
void ExplorerScript::doubleClickAt(const glm::vec2& place) {
    frames(30);
    moveTo(place);
    for (const bool isDown : {true, false, true, false}) {
        m_explorer.feed(app::PointerButton{0, isDown});
        frames(1);
    }
    frames(2);
}

void ExplorerScript::dragFromTo(const glm::vec2& from, const glm::vec2& to, int count, int button) {
    moveTo(from);
    m_explorer.feed(app::PointerButton{button, true});
    frames(1);
    for (int i = 1; i <= count; ++i)
        moveTo(from + (to - from) * (static_cast<float>(i) / static_cast<float>(count)));
    frames(1);
    m_explorer.feed(app::PointerButton{button, false});
    frames(3);
}

void ExplorerScript::wheel(float notches) {
    m_explorer.feed(app::WheelTurned{0, notches});
    frames(2);
}

void ExplorerScript::type(std::string_view text) {
    m_explorer.feed(app::TextTyped{std::string(text)});
    frames(2);
}

void ExplorerScript::hold(std::string_view key, bool isDown) {
    m_explorer.feed(app::KeyPressed{keyNamed(key), isDown});
    frames(1);
}

void ExplorerScript::press(std::string_view chord) {
    const auto keys = keysOf(chord);
    for (const int key : keys) m_explorer.feed(app::KeyPressed{key, true});
    frames(1);
    for (auto key = keys.rbegin(); key != keys.rend(); ++key) m_explorer.feed(app::KeyPressed{*key, false});
    frames(3);
}

}  // namespace tests
