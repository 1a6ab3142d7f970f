#pragma once

namespace CLI {
class App;
}

namespace app {

struct Global;

// `clipscope render`: any view as a picture, without a display.
void addRenderCommand(CLI::App& root, Global& global);

}  // namespace app
