#include "app/explorer/control_list.h"

#include <algorithm>

namespace app {

void ControlList::beginFrame(double seconds) {
    m_controls.clear();
    if (m_focusTries > 0) --m_focusTries;
    if (m_restedNow.empty() || m_restedNow != m_rested) m_seconds = 0;
    if (!m_restedNow.empty()) m_seconds += seconds;
    m_rested = std::move(m_restedNow);
    m_restedNow.clear();
}

void ControlList::wantFocus(std::string name) {
    m_focus = std::move(name);
    m_focusTries = 8;
}

void ControlList::add(std::string name, const Rect& rect) {
    m_controls.push_back({std::move(name), rect});
}

bool ControlList::rest() {
    m_restedNow = m_controls.back().name;
    return m_restedNow == m_rested && m_seconds >= tipSeconds;
}

const Rect* ControlList::find(std::string_view name) const {
    const auto found = std::ranges::find(m_controls, name, &Control::name);
    return found == m_controls.end() ? nullptr : &found->rect;
}

std::optional<double> ControlList::tipWaits() const {
    if (m_restedNow.empty()) return std::nullopt;
    if (m_restedNow != m_rested) return tipSeconds;
    if (m_seconds >= tipSeconds) return std::nullopt;
    return tipSeconds - m_seconds;
}

}  // namespace app
