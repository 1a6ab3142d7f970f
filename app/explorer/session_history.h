#pragma once

#include "app/explorer/session.h"

#include <cstddef>
#include <deque>

namespace app {

// What a change of a session is about: changes of one kind made in one go are one step back. Files: what is
// open. Selection: tensor, reference, channels, slice.
enum class SessionChange { None, Files, View, Selection, Clip, Zoom, Question, Shown, Table };

// Of several kinds at once the first in the order above. A theme alone is None.
SessionChange changeBetween(const Session& before, const Session& after);

// The views that a user has been through, to go back and forth between them. Other files are a step too. The
// theme is not: it is a taste, not a place, so undo() and redo() keep the present one.
class SessionHistory {
public:
    static constexpr size_t mostSteps = 200;  // the oldest are forgotten

    explicit SessionHistory(Session first = {});

    // The present session, once per frame. isHeld: the user is in the middle of a change, such as a mouse
    // button that drags, a key that repeats, a text field with the focus, a wheel that turned within the last
    // half second. Consecutive changes of one kind become one step until a frame comes that is not held and
    // changes nothing else; one that ends where it began is no step.
    void record(const Session& present, bool isHeld);

    // The same for a change that is not the user's, such as the first tensor of a file that has opened: it
    // becomes part of the latest step.
    void amend(const Session& present);

    bool canUndo() const { return m_at > 0; }
    bool canRedo() const { return m_at + 1 < m_sessions.size(); }

    // The session to show next; the present one where there is no other.
    Session undo();
    Session redo();

private:
    void close();

    std::deque<Session> m_sessions;  // in order; m_at is the present one
    size_t m_at = 0;
    SessionChange m_open = SessionChange::None;  // kind of the step that is still being made
    Appearance m_theme;
};

}  // namespace app
