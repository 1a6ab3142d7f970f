#pragma once

#include "app/explorer/device_task.h"
#include "app/plot/bar_chart.h"
#include "app/plot/figure.h"
#include "app/plot/theme.h"

namespace app {

// The kernels' speeds as bars, in GB of the tensor that they read and write a second, in the order of the
// timings, with a line at the speed of the plain copy and the share of it beside every bar. Kernels that are
// not measured yet have no bar.
Figure deviceFigure(const DeviceTimings& timings, const Theme& theme, const BarRoom& room);

}  // namespace app
