#pragma once

#include <cstdint>

namespace app {

struct ViewContext;

// The session's view on the whole picture of so many pixels, without panels: as pictures and exports have it.
// To be called within a frame of the context's Ui.
void showBareView(ViewContext& context, uint32_t width, uint32_t height);

}  // namespace app
