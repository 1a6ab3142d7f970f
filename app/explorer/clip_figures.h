#pragma once

#include "app/explorer/curves_task.h"
#include "app/explorer/readout_task.h"
#include "app/explorer/session.h"
#include "app/plot/figure.h"
#include "app/plot/theme.h"
#include "quant/analysis.h"

#include <optional>
#include <span>
#include <string>

namespace app {

// What the clip view draws.
struct ClipScene {
    const Session& session;
    const CurvesAnswer& curves;
    const CurvesAnswer* reference = nullptr;  // another tensor's curves, to compare with
    std::string referenceName;
    std::span<const quant::MethodResult> methods;  // on the chosen format
    const Readout* readout = nullptr;              // of the clip, or of one shortly before
    std::optional<quant::ClippedGrid> grid;        // the chosen format at its clip
    const Theme& theme;
};

// Error versus clip: a curve for every number format, their minima, Newton's steps, the methods' clips. The
// axes are those of the session, or else such that everything that matters is in sight.
Figure errorFigure(const ClipScene& scene);

// The histogram of |x| below it, with the same x axis: elements, levels, and what quantization makes of them.
Figure histogramFigure(const ClipScene& scene);

// The x axis of both.
Axis clipAxis(const ClipScene& scene);

}  // namespace app
