#include "app/explorer/plot_crosshair.h"

#include "app/explorer/view_context.h"
#include "app/plot/figure_data.h"
#include "app/plot/plot_layout.h"
#include "app/plot/value_text.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace app {

namespace {

struct Nearest {
    std::string name;
    double error = 0;
    float y = 0;  // in logical pixels
    Colour colour = 0;
    bool isMeasured = false;
};

// Between the points of a curve, along the axes as they are drawn; none beyond its ends.
std::optional<double> valueOn(const std::vector<float>& x, const std::vector<float>& y, const Axis& across,
                              const Axis& up, double at) {
    const auto right = std::ranges::upper_bound(x, at);
    if (right == x.begin() || right == x.end()) return std::nullopt;
    const auto i = static_cast<size_t>(right - x.begin());
    const double from = across.unitOf(x[i - 1]), to = across.unitOf(x[i]);
    const double part = to > from ? (across.unitOf(at) - from) / (to - from) : 0;
    const double value = up.valueAt(std::lerp(up.unitOf(y[i - 1]), up.unitOf(y[i]), part));
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<double> errorAt(ViewContext& context, const ClipScene& scene, const LaidOutFigure& figure,
                              const FormatCurve& curve, double clip, bool isMeasured) {
    if (isMeasured) {
        engine::Device& device = context.workspace.device();
        return valueOn(fetch(device, curve.clips), fetch(device, curve.measured), figure.figure.x,
                       figure.figure.y, clip);
    }
    const auto finite = static_cast<double>(std::max<uint64_t>(scene.curves.profile->finite(), 1));
    return scene.curves.estimate->at({curve.format, static_cast<float>(clip)}) / finite;
}

std::optional<Nearest> nearestCurve(ViewContext& context, const ClipScene& scene, const LaidOutFigure& figure,
                                    const PlotGestures& gestures) {
    std::optional<Nearest> nearest;
    // Reading the device's memory waits for all its work, so not while there is much of it.
    const bool isMeasured =
        scene.session.shown.measured && scene.curves.seenFraction >= 1 && context.workspace.isIdle();
    float least = std::numeric_limits<float>::infinity();
    for (const FormatCurve& curve : scene.curves.curves) {
        const auto error = errorAt(context, scene, figure, curve, gestures.value.x, isMeasured);
        if (!error) continue;
        const float y =
            pixelOf(figure.layout.plot, figure.figure.x, figure.figure.y, gestures.value.x, *error).y;
        if (!(std::abs(y - gestures.pixel.y) < least)) continue;
        least = std::abs(y - gestures.pixel.y);
        const Colour colour = scene.session.format && curve.format == *scene.session.format
                                  ? context.theme().accent
                                  : bitsStyle(context.theme(), static_cast<int>(curve.format.bits)).colour;
        nearest = Nearest{curve.format.name(), *error, y, colour, isMeasured};
    }
    return nearest;
}

void drawBox(const ViewContext& context, const Rect& plot, const glm::vec2& pixel, const std::string& text) {
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    const float gap = context.px(10), pad = context.px(4);
    float left = context.px(pixel.x) + gap, top = context.px(pixel.y) - gap - size.y;
    if (left + size.x + pad > context.px(plot.right)) left = context.px(pixel.x) - gap - size.x;
    left = std::max(left, context.px(plot.left) + pad);
    if (top - pad < context.px(plot.top)) top = context.px(pixel.y) + 2 * gap;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.AddRectFilled({left - pad, top - pad}, {left + size.x + pad, top + size.y + pad},
                       withAlpha(context.theme().panel, 235), context.px(3));
    list.AddRect({left - pad, top - pad}, {left + size.x + pad, top + size.y + pad}, context.theme().grid,
                 context.px(3));
    list.AddText({left, top}, context.theme().text, text.c_str());
}

}  // namespace

void showCrosshair(ViewContext& context, const ClipScene& scene, const LaidOutFigure& figure,
                   const PlotGestures& gestures) {
    if (!scene.curves.estimate || !(gestures.value.x > 0)) return;
    const Rect& plot = figure.layout.plot;
    const auto nearest = nearestCurve(context, scene, figure, gestures);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Colour faint = withAlpha(context.theme().dimText, 120);
    const float x = context.px(gestures.pixel.x);
    list.AddRectFilled({x, context.px(plot.top)}, {x + 1, context.px(plot.bottom)}, faint);
    std::string text = "clip " + valueText(gestures.value.x);
    if (nearest) {
        const float y = context.px(nearest->y);
        if (nearest->y > plot.top && nearest->y < plot.bottom) {
            list.AddRectFilled({context.px(plot.left), y}, {context.px(plot.right), y + 1}, faint);
            list.AddCircleFilled({x, y}, context.px(4), nearest->colour);
        }
        text +=
            "\n" + nearest->name + "  MSE " + (nearest->isMeasured ? "" : "≈") + valueText(nearest->error);
    }
    drawBox(context, plot, gestures.pixel, text);
}

}  // namespace app
