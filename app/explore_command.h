#pragma once

namespace CLI {
class App;
}

namespace app {

struct Global;

// `clipscope explore`: the explorer in a window of the desktop.
void addExploreCommand(CLI::App& root, Global& global);

}  // namespace app
