#pragma once

#include "app/explorer/figure_list.h"
#include "app/explorer/session.h"
#include "app/explorer/ui.h"
#include "app/explorer/workspace.h"

namespace app {

class Notices;

// What a view draws from and what it may change.
struct ViewContext {
    Session& session;
    Workspace& workspace;
    FigureList& figures;
    const Ui& ui;
    bool hasControls = false;    // besides the plots: fields and buttons, which a picture does not need
    Notices* notices = nullptr;  // where there is somebody to read them

    const Theme& theme() const { return ui.theme(); }
    // Pixels of logical ones.
    float px(float logical) const { return logical * ui.scale(); }
};

// The rest of the present window below its cursor, in logical pixels.
Rect restOfWindow(const ViewContext& context);

// A line or two in the middle of the rest of the window, where there is nothing else to show.
void showNotice(const ViewContext& context, const std::string& text);

}  // namespace app
