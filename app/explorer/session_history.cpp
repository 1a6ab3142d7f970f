#include "app/explorer/session_history.h"

#include <tuple>
#include <utility>

namespace app {

namespace {

// What belongs to each kind.
auto files(const Session& s) {
    return std::tie(s.inputs, s.raw);
}
auto view(const Session& s) {
    return std::tie(s.view, s.isTableShown);
}
auto selection(const Session& s) {
    return std::tie(s.tensor, s.reference, s.channels.axis, s.channels.selected, s.values.slice);
}
auto zoom(const Session& s) {
    return std::tie(s.clips, s.errors, s.counts, s.channels.clips, s.channels.rows, s.compare.sqnr,
                    s.values.zoom);
}
auto question(const Session& s) {
    return std::tie(s.bits, s.chosenBits, s.format, s.sign, s.granularity, s.methods, s.compare.granularities,
                    s.compare.formats);
}

}  // namespace

SessionChange changeBetween(const Session& before, const Session& after) {
    if (files(before) != files(after)) return SessionChange::Files;
    if (view(before) != view(after)) return SessionChange::View;
    if (selection(before) != selection(after)) return SessionChange::Selection;
    if (before.clip != after.clip) return SessionChange::Clip;
    if (zoom(before) != zoom(after)) return SessionChange::Zoom;
    if (question(before) != question(after)) return SessionChange::Question;
    if (before.table != after.table) return SessionChange::Table;
    // Whatever a session comes to hold besides is a step too.
    Session sameTheme = after;
    sameTheme.theme = before.theme;
    return before == sameTheme ? SessionChange::None : SessionChange::Shown;
}

SessionHistory::SessionHistory(Session first) : m_theme(first.theme) {
    m_sessions.push_back(std::move(first));
}

void SessionHistory::record(const Session& present, bool isHeld) {
    m_theme = present.theme;
    const SessionChange change = changeBetween(m_sessions[m_at], present);
    if (change != SessionChange::None) {
        if (change == m_open) {
            m_sessions[m_at] = present;
        } else {
            close();
            m_sessions.erase(m_sessions.begin() + static_cast<std::ptrdiff_t>(m_at) + 1, m_sessions.end());
            m_sessions.push_back(present);
            if (m_sessions.size() > mostSteps + 1) m_sessions.pop_front();
            m_at = m_sessions.size() - 1;
            m_open = change;
        }
    }
    if (!isHeld) close();
}

void SessionHistory::amend(const Session& present) {
    m_theme = present.theme;
    m_sessions[m_at] = present;
}

// A step that ended where it began is dropped.
void SessionHistory::close() {
    const bool isOpen = std::exchange(m_open, SessionChange::None) != SessionChange::None;
    if (!isOpen || m_at == 0) return;
    if (changeBetween(m_sessions[m_at - 1], m_sessions[m_at]) != SessionChange::None) return;
    m_sessions.pop_back();
    --m_at;
}

Session SessionHistory::undo() {
    close();
    if (canUndo()) --m_at;
    Session session = m_sessions[m_at];
    session.theme = m_theme;
    return session;
}

Session SessionHistory::redo() {
    close();
    if (canRedo()) ++m_at;
    Session session = m_sessions[m_at];
    session.theme = m_theme;
    return session;
}

}  // namespace app
