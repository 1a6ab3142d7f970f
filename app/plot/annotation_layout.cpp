#include "app/plot/annotation_layout.h"

#include "app/plot/plot_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace app {

namespace {

// The box of a text of this size where the annotation wants it, pushed into the plot.
Rect wished(const Annotation& annotation, const Figure& figure, const Rect& plot, const glm::vec2& size) {
    const glm::vec2 point = pixelOf(plot, figure.x, figure.y, annotation.x, annotation.y);
    const float left = point.x + annotation.offsetX - annotation.alongX * size.x;
    const float y = std::isnan(point.y) ? plot.bottom : std::clamp(point.y, plot.top, plot.bottom);
    const float top = y + annotation.offsetY - annotation.alongY * size.y;
    const float x = std::clamp(left, plot.left + textPadding, plot.right - textPadding - size.x);
    const float bounded = std::clamp(top, plot.top + textPadding, plot.bottom - textPadding - size.y);
    return {x, bounded, x + size.x, bounded + size.y};
}

Rect atTop(Rect box, float top) {
    return {box.left, top, box.right, top + box.height()};
}

// The nearest top at which the box is free, NaN for none. Such a place is the wished one or touches another
// box. padding: between the boxes of two texts.
float freeTop(const Rect& box, const std::vector<Rect>& taken, const Rect& plot, float padding) {
    std::vector<float> tops = {box.top};
    const float apart = padding + 1;
    for (const Rect& other : taken) {
        tops.push_back(other.top - apart - box.height());
        tops.push_back(other.bottom + apart);
    }
    float best = std::numeric_limits<float>::quiet_NaN();
    for (const float top : tops) {
        if (top < plot.top + textPadding || top + box.height() > plot.bottom - textPadding) continue;
        const Rect moved = grown(atTop(box, top), padding);
        if (std::ranges::any_of(taken, [&](const Rect& other) { return doOverlap(moved, other); })) continue;
        if (std::isnan(best) || std::abs(top - box.top) < std::abs(best - box.top)) best = top;
    }
    return best;
}

}  // namespace

std::vector<TextItem> placeAnnotations(const Figure& figure, const Rect& plot, const Rect& taken,
                                       const Theme& theme, const TextMeasure& measure) {
    std::vector<TextItem> placed;
    std::vector<Rect> boxes;
    if (taken.width() > 0) boxes.push_back(taken);
    for (const Annotation& annotation : figure.annotations) {
        const double unit = figure.x.unitOf(annotation.x);
        if (!(unit >= -1e-6 && unit <= 1 + 1e-6)) continue;
        const std::string text = fitted(annotation.text, 0.6f * plot.width() - 2 * textPadding, measure);
        const glm::vec2 size = measure(text);
        // In a small plot a text would hide what it is about.
        if (text.empty() || 4 * size.y > plot.height()) continue;
        const Rect box = wished(annotation, figure, plot, size);
        const float top = freeTop(box, boxes, plot, annotation.hasBackground ? 2 * textPadding : 0);
        if (std::isnan(top)) continue;
        boxes.push_back(atTop(box, top));
        placed.push_back({.position = {box.left, top},
                          .size = size,
                          .text = text,
                          .colour = annotation.colour ? annotation.colour : theme.text,
                          .background = annotation.hasBackground ? theme.textBox : 0});
    }
    return placed;
}

}  // namespace app
