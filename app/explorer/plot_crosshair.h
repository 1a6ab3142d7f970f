#pragma once

#include "app/explorer/clip_figures.h"
#include "app/explorer/plot_gestures.h"
#include "app/plot/frame_renderer.h"

namespace app {

struct ViewContext;

// Lines through the pointer and, beside it, the clip there and the error of the curve that is nearest: as
// measured where the figure's curves are at rest, else as modelled, with "≈" before it.
void showCrosshair(ViewContext& context, const ClipScene& scene, const LaidOutFigure& figure,
                   const PlotGestures& gestures);

}  // namespace app
