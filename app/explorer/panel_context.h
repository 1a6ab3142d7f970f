#pragma once

#include "app/explorer/shortcuts.h"
#include "app/explorer/view_context.h"

#include <vector>

namespace app {

// What a panel draws from, and what it asks for.
struct PanelContext {
    ViewContext& view;
    std::vector<Action>& asked;  // done after the frame is laid out
    bool canUndo = false, canRedo = false;

    Session& session() const { return view.session; }
    Workspace& workspace() const { return view.workspace; }
    const Theme& theme() const { return view.theme(); }
    float px(float logical) const { return view.px(logical); }
    void ask(Action action) const { asked.push_back(action); }
};

}  // namespace app
