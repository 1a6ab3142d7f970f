#pragma once

#include "app/plot/plot_items.h"
#include "app/plot/theme.h"

#include <optional>
#include <vector>

namespace app {

// One entry for each name of the figure's layers, without places yet: text.size is measured, and the entry
// with sample and text is entryWidth wide.
std::vector<LegendItem> legendOf(const Figure& figure, const Theme& theme, const TextMeasure& measure,
                                 float lineHeight);
float entryWidth(const LegendItem& entry, float lineHeight);

// The width of the entries side by side.
float rowWidth(const std::vector<LegendItem>& entries, float lineHeight);

// Puts the entries into rows from the area's upper left corner on, one after the other where one row does,
// else in columns. The height that they take; nothing where they would take more than the area's.
std::optional<float> placeInRows(std::vector<LegendItem>& entries, const Rect& area,
                                 const TextMeasure& measure, float lineHeight);

// Puts the entries into a box in the plot's upper right corner that covers at most 60% of either side;
// entries that do not fit are counted by a last one, "+ 3 more". The box, empty where not even that fits.
Rect placeInCorner(std::vector<LegendItem>& entries, const Rect& plot, const Theme& theme,
                   const TextMeasure& measure, float lineHeight);

}  // namespace app
