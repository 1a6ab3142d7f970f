#include "app/explorer/device_figures.h"

#include "app/plot/value_text.h"

#include <algorithm>

namespace app {

Figure deviceFigure(const DeviceTimings& timings, const Theme& theme, const BarRoom& room) {
    constexpr double giga = 1e9;
    double most = 0;
    for (const KernelTiming& kernel : timings.kernels) most = std::max(most, kernel.bytesPerSecond() / giga);
    if (most == 0) most = 1;
    BarChart chart{.x = {.low = 0, .high = 1.3 * most, .label = "GB/s of the tensor read and written"},
                   .series = {{"", theme.accent}}};
    const double copied = timings.kernels.empty() ? 0 : timings.kernels.front().bytesPerSecond();
    for (const KernelTiming& kernel : timings.kernels) {
        chart.groups.push_back(kernel.name);
        if (!kernel.seconds) continue;
        const double speed = kernel.bytesPerSecond();
        const bool isCopy = &kernel == &timings.kernels.front();
        chart.bars.push_back({.group = chart.groups.size() - 1,
                              .value = speed / giga,
                              .label = valueText(speed / giga, 3) +
                                       (isCopy ? "" : "  (" + percentText(speed / copied) + " of a copy)"),
                              .name = kernel.name});
    }
    Figure figure = figureOf(chart, theme, room);
    if (copied > 0) {
        figure.layers.emplace_back(Marks{.at = {copied / giga},
                                         .colour = theme.warning,
                                         .dash = Dash::Dashed,
                                         .width = 1.5f,
                                         .name = "copy"});
    }
    return figure;
}

}  // namespace app
