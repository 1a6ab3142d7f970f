#pragma once

#include "app/explorer/explorer.h"
#include "app/explorer/offscreen.h"

#include <glm/vec2.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tests {

// A hand at an explorer without a display: it moves a pointer and presses keys, and a frame of a sixtieth of
// a second is drawn after each movement. Places in pixels of the picture. It fails the running test where it
// is to use a control that is not in sight.
class ExplorerScript {
public:
    ExplorerScript(engine::Device& device, const app::PictureSize& size);

    app::Explorer& explorer() { return m_explorer; }
    const app::Session& session() const { return m_explorer.session(); }

    // Opens a session, and draws until everything is computed.
    void show(const app::Session& session);
    void settle();
    void frames(int count);
    app::Picture picture() { return m_offscreen.finished(); }

    // The middle of a control by its name in the ControlList, and whether it is in sight.
    glm::vec2 placeOf(std::string_view control);
    bool isInSight(std::string_view control);

    void moveTo(const glm::vec2& place);
    void clickAt(const glm::vec2& place, int button = 0);
    void click(std::string_view control, int button = 0) { clickAt(placeOf(control), button); }
    void doubleClickAt(const glm::vec2& place);
    void dragFromTo(const glm::vec2& from, const glm::vec2& to, int count, int button = 0);
    void wheel(float notches);
    void type(std::string_view text);
    // "Ctrl+Shift+Z", "Left", "F1": names of chordText().
    void press(std::string_view chord);
    void hold(std::string_view key, bool isDown);

private:
    app::Explorer m_explorer;
    app::Offscreen m_offscreen;
};

}  // namespace tests
