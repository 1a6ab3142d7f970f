#include "app/plot/tick_layout.h"

#include <algorithm>
#include <cmath>

namespace app {

namespace {

constexpr int mostTicks = 40;  // beyond, numbers are a texture

// Takes the labels away that come too close to the one before; whether there were any.
bool thin(const Axis& axis, std::vector<Tick>& ticks, float length, float gap,
          const std::function<float(const std::string&)>& extent) {
    double end = -1e9;
    bool wasCrowded = false;
    for (Tick& tick : ticks) {
        if (tick.label.empty()) continue;
        const double middle = axis.unitOf(tick.value) * length, half = extent(tick.label) / 2;
        if (middle - half < end + gap) {
            tick.label.clear();
            wasCrowded = true;
        } else {
            end = middle + half;
        }
    }
    return wasCrowded;
}

void dropDenseMinorTicks(const Axis& axis, std::vector<Tick>& ticks, float length) {
    for (size_t i = 1; i < ticks.size(); ++i) {
        if ((axis.unitOf(ticks[i].value) - axis.unitOf(ticks[i - 1].value)) * length >= 4) continue;
        std::erase_if(ticks, [](const Tick& tick) { return tick.label.empty(); });
        return;
    }
}

}  // namespace

std::vector<Tick> ticksWithin(const Axis& axis, float length, float typicalSpacing, float gap,
                              const std::function<float(const std::string&)>& extent) {
    int most = std::clamp(int(length / typicalSpacing) + 1, 2, mostTicks);
    std::vector<Tick> ticks = axis.ticks(most);
    for (std::vector<Tick> thinned = ticks; most > 2 && thin(axis, thinned, length, gap, extent);
         thinned = ticks) {
        most = std::max(2, most * 4 / 5);
        ticks = axis.ticks(most);
    }
    thin(axis, ticks, length, gap, extent);
    dropDenseMinorTicks(axis, ticks, length);
    return ticks;
}

namespace {

// 1, 2 or 5 times a power of ten, not below `least`.
size_t roundStep(double least) {
    for (size_t power = 1;; power *= 10) {
        for (const size_t step : {power, 2 * power, 5 * power})
            if (double(step) >= least) return step;
    }
}

}  // namespace

std::vector<Tick> rowTicks(const Axis& axis, const std::vector<std::string>& names, float length,
                           float spacing) {
    const double first = std::max(0.0, std::ceil(axis.low - 0.5));
    const double last = std::min(double(names.size()) - 1, std::floor(axis.high - 0.5));
    if (first > last) return {};
    const double pixelsPerRow = length / std::max(axis.high - axis.low, 1e-9);
    const size_t every = roundStep(std::clamp(std::ceil(spacing / pixelsPerRow), 1.0, double(names.size())));
    std::vector<Tick> ticks;
    // Multiples, so that names stay while the axis is panned.
    for (size_t row = (size_t(first) + every - 1) / every * every; double(row) <= last; row += every)
        ticks.push_back({double(row) + 0.5, names[row]});
    return ticks;
}

}  // namespace app
