#pragma once

#include "quant/clipped_grid.h"

#include <string>

namespace app {

struct ViewContext;

// The clip as a field to type into, and buttons beside it: the optimum, copying. reading: what is copied with
// it. At the cursor, followed by a gap on the same line.
void showClipControls(ViewContext& context, const quant::ClippedGrid& grid, const std::string& reading);

}  // namespace app
