#pragma once

#include "app/plot/figure.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// Where the controls of a frame are, by name: so that scripts find them, and tests see that none hides
// another. It counts the time until a tooltip shows as well. Rectangles in pixels of the picture.
class ControlList {
public:
    struct Control {
        std::string name;  // such as "bar/open", "table/header/Name"
        Rect rect;         // as far as it is in sight
    };

    static constexpr double tipSeconds = 0.5;

    void beginFrame(double seconds);
    void add(std::string name, const Rect& rect);
    // The pointer rests on the control that was added last. True when its tooltip is to be shown.
    bool rest();

    // Of the frame that is being made, or that was made last.
    const std::vector<Control>& all() const { return m_controls; }
    const Rect* find(std::string_view name) const;

    // A text field of that name gets the keys when it is laid out next. Dear ImGui needs several frames where
    // its window never had them; after some it is given up.
    void wantFocus(std::string name);
    bool isFocusWanted() const { return m_focusTries > 0; }
    bool isFocusWanted(std::string_view name) const { return m_focusTries > 0 && m_focus == name; }
    void gotFocus() { m_focusTries = 0; }

    // In how many seconds a tooltip appears; none where none waits.
    std::optional<double> tipWaits() const;

private:
    std::vector<Control> m_controls;
    std::string m_rested, m_restedNow;
    double m_seconds = 0;
    std::string m_focus;
    int m_focusTries = 0;
};

}  // namespace app
