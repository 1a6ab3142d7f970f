#pragma once

#include "app/explorer/dialogs.h"
#include "app/explorer/notices.h"
#include "app/explorer/panel_context.h"
#include "app/explorer/table_panel.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace app {

// The panels around a view: top bar, table, dialogs, help, notices. What they remember besides the session.
class Shell {
public:
    // On the whole picture, within a frame of the context's Ui. isBare: neither bar nor table, but keys all
    // the same. Returns what was agreed to in a dialog.
    std::optional<DialogAnswer> show(PanelContext& context, uint32_t width, uint32_t height, bool isBare);

    // Does what an action asks where that concerns panels or the session alone. False for the others.
    bool perform(PanelContext& context, Action action);

    Notices& notices() { return m_notices; }
    const Notices& notices() const { return m_notices; }
    Dialogs& dialogs() { return m_dialogs; }
    const Dialogs& dialogs() const { return m_dialogs; }
    // Offered by the Open dialog, the latest first.
    std::vector<std::string>& recentFiles() { return m_recent; }
    // Of the last frame, in logical pixels.
    Rect viewRect() const { return m_viewRect; }

private:
    void showBody(PanelContext& context);
    void showSplitter(PanelContext& context, float width, float height);
    void showView(PanelContext& context);
    std::optional<DialogAnswer> showPopups(PanelContext& context);

    TablePanel m_table;
    Notices m_notices;
    Dialogs m_dialogs;
    std::vector<std::string> m_recent;
    float m_tableWidth = 0;  // as it was dragged, in logical pixels; 0 before
    bool m_isHelpAsked = false, m_isListAsked = false;
    Rect m_viewRect;
};

}  // namespace app
