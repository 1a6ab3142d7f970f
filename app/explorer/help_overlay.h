#pragma once

namespace app {

struct Theme;

// All keys and gestures by groups, over a dimmed picture, from the tables of shortcuts.h. isAsked: opens it.
void showHelp(const Theme& theme, float scale, bool isAsked);

}  // namespace app
