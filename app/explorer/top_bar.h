#pragma once

namespace app {

struct PanelContext;

// What is open, which view shows it, and how: in as many rows as the width of the present window needs.
void showTopBar(PanelContext& context);

}  // namespace app
