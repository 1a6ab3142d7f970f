#pragma once

#include "app/explorer/input_event.h"

#include <deque>

namespace app {

// Input on its way to frames. A frame sees the state that its input leaves behind: a button that goes down
// and up between two frames would never have been pressed, and one pressed before the pointer moved on would
// be pressed elsewhere. So input is handed out in parts that a frame can tell apart.
class InputQueue {
public:
    void add(const InputEvents& events) { m_events.insert(m_events.end(), events.begin(), events.end()); }
    bool isEmpty() const { return m_events.empty(); }
    // What the next frame can take, in order; at least one event where there are any.
    InputEvents next();

private:
    std::deque<InputEvent> m_events;
};

}  // namespace app
