#include "app/plot/legend_layout.h"

#include "app/plot/value_text.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace app {

namespace {

using Kind = LegendItem::Kind;

LegendItem entryOf(const Curve& curve) {
    return {.kind = Kind::Line,
            .colour = curve.colour,
            .dash = curve.dash,
            .width = curve.width,
            .text = {.text = curve.name}};
}
LegendItem entryOf(const Bars& bars) {
    return {.kind = Kind::Box, .colour = bars.colour, .text = {.text = bars.name}};
}
LegendItem entryOf(const Marks& marks) {
    return {.kind = Kind::Line,
            .colour = marks.colour,
            .dash = marks.dash,
            .width = marks.width,
            .text = {.text = marks.name}};
}
LegendItem entryOf(const Path& path) {
    return {.kind = Kind::Line,
            .colour = path.colour,
            .dash = path.dash,
            .width = path.width,
            .text = {.text = path.name}};
}
LegendItem entryOf(const Markers& markers) {
    return {.kind = Kind::Marker,
            .colour = markers.colour,
            .edge = markers.edge,
            .shape = markers.shape,
            .size = markers.size,
            .text = {.text = markers.name}};
}
LegendItem entryOf(const Boxes&) {
    return {};
}
LegendItem entryOf(const HeatMap& map) {
    const std::string range = valueText(map.low, 3) + " … " + valueText(map.high, 3);
    return {.kind = Kind::Gradient,
            .isDiverging = map.isDiverging,
            .text = {.text = map.name.empty() ? "" : map.name + ": " + range}};
}

float sampleWidth(const LegendItem& entry, float lineHeight) {
    if (entry.kind == Kind::TextOnly) return 0;
    return std::round(lineHeight * (entry.kind == Kind::Line       ? 1.75f
                                    : entry.kind == Kind::Gradient ? 3
                                                                   : 0.9f));
}

float gap(const LegendItem& entry, float lineHeight) {
    return entry.kind == Kind::TextOnly ? 0 : std::round(0.4f * lineHeight);
}

void place(LegendItem& entry, glm::vec2 at, float lineHeight) {
    const float width = sampleWidth(entry, lineHeight);
    const float inset = std::round(entry.kind == Kind::Line ? 0 : 0.15f * lineHeight);
    entry.sample = {at.x, at.y + inset, at.x + width, at.y + lineHeight - inset};
    entry.text.position = {at.x + width + gap(entry, lineHeight), at.y};
}

float between(float lineHeight) {
    return lineHeight;
}

float widest(const std::vector<LegendItem>& entries, float lineHeight) {
    float width = 0;
    for (const LegendItem& entry : entries) width = std::max(width, entryWidth(entry, lineHeight));
    return width;
}

// Shortens names so that no entry is wider.
void limit(std::vector<LegendItem>& entries, float width, const TextMeasure& measure, float lineHeight) {
    for (LegendItem& entry : entries) {
        const float room = width - entryWidth(entry, lineHeight) + entry.text.size.x;
        if (entry.text.size.x <= room) continue;
        entry.text.text = fitted(entry.text.text, room, measure);
        entry.text.size.x = measure(entry.text.text).x;
    }
    std::erase_if(entries, [](const LegendItem& entry) { return entry.text.text.empty(); });
}

// Rows filled from left to right, columns of the widest entry's width.
void placeInColumns(std::vector<LegendItem>& entries, glm::vec2 at, size_t columns, float lineHeight) {
    const float width = widest(entries, lineHeight) + between(lineHeight);
    for (size_t i = 0; i < entries.size(); ++i)
        place(entries[i], at + glm::vec2(float(i % columns) * width, float(i / columns) * lineHeight),
              lineHeight);
}

size_t columnsIn(float width, const std::vector<LegendItem>& entries, float lineHeight) {
    const float column = widest(entries, lineHeight) + between(lineHeight);
    return std::max(size_t{1}, size_t(std::max(0.0f, (width + between(lineHeight)) / column)));
}

}  // namespace

float entryWidth(const LegendItem& entry, float lineHeight) {
    return sampleWidth(entry, lineHeight) + gap(entry, lineHeight) + entry.text.size.x;
}

float rowWidth(const std::vector<LegendItem>& entries, float lineHeight) {
    float width = entries.empty() ? 0 : -between(lineHeight);
    for (const LegendItem& entry : entries) width += entryWidth(entry, lineHeight) + between(lineHeight);
    return width;
}

std::vector<LegendItem> legendOf(const Figure& figure, const Theme& theme, const TextMeasure& measure,
                                 float lineHeight) {
    std::vector<LegendItem> entries;
    if (!figure.isLegendShown) return entries;
    std::set<std::string> seen;
    for (const Layer& layer : figure.layers) {
        LegendItem entry = std::visit([](const auto& kind) { return entryOf(kind); }, layer);
        if (entry.text.text.empty() || !seen.insert(entry.text.text).second) continue;
        entry.text.colour = theme.text;
        entry.text.size = {measure(entry.text.text).x, lineHeight};
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::optional<float> placeInRows(std::vector<LegendItem>& entries, const Rect& area,
                                 const TextMeasure& measure, float lineHeight) {
    limit(entries, area.width(), measure, lineHeight);
    if (entries.empty()) return 0;
    if (lineHeight <= area.height() && rowWidth(entries, lineHeight) <= area.width()) {
        float x = area.left;
        for (LegendItem& entry : entries) {
            place(entry, {x, area.top}, lineHeight);
            x += entryWidth(entry, lineHeight) + between(lineHeight);
        }
        return lineHeight;
    }
    const size_t columns = columnsIn(area.width(), entries, lineHeight);
    const float height = float((entries.size() + columns - 1) / columns) * lineHeight;
    if (height > area.height()) return {};
    placeInColumns(entries, {area.left, area.top}, columns, lineHeight);
    return height;
}

Rect placeInCorner(std::vector<LegendItem>& entries, const Rect& plot, const Theme& theme,
                   const TextMeasure& measure, float lineHeight) {
    const float pad = std::round(0.4f * lineHeight), margin = pad;
    const float width = 0.6f * plot.width() - 2 * pad;
    const auto rows = size_t(std::max(0.0f, (0.6f * plot.height() - 2 * pad) / lineHeight));
    limit(entries, width, measure, lineHeight);
    // In a low plot even one row would hide too much.
    if (entries.empty() || plot.height() < 6 * lineHeight) {
        entries.clear();
        return {};
    }
    size_t columns = columnsIn(width, entries, lineHeight);
    if (entries.size() > rows * columns) {
        const size_t kept = rows * columns - 1;
        if (kept == 0) {
            entries.clear();
            return {};
        }
        const std::string more = "+ " + std::to_string(entries.size() - kept) + " more";
        entries.resize(kept);
        const glm::vec2 size(measure(more).x, lineHeight);
        entries.push_back(
            {.kind = Kind::TextOnly, .text = {.size = size, .text = more, .colour = theme.dimText}});
        limit(entries, width, measure, lineHeight);
        if (entries.empty()) return {};
        // The last one may be wider than all that it counts.
        columns = std::min(columns, columnsIn(width, entries, lineHeight));
        if (entries.size() > rows * columns) {
            entries.clear();
            return {};
        }
    }
    // As few columns as the rows allow.
    columns = std::min(columns, (entries.size() + rows - 1) / rows);
    const float wide =
        float(columns) * (widest(entries, lineHeight) + between(lineHeight)) - between(lineHeight);
    const float high = float((entries.size() + columns - 1) / columns) * lineHeight;
    const Rect box{std::floor(plot.right - margin - wide - 2 * pad), plot.top + margin, plot.right - margin,
                   plot.top + margin + high + 2 * pad};
    placeInColumns(entries, {box.left + pad, box.top + pad}, columns, lineHeight);
    return box;
}

}  // namespace app
