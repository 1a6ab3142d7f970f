#include "app/explorer/clip_view.h"

#include "app/explorer/clip_controls.h"
#include "app/explorer/clip_figures.h"
#include "app/explorer/plot_crosshair.h"
#include "app/explorer/plot_gestures.h"
#include "app/explorer/shortcuts.h"
#include "app/explorer/view_context.h"
#include "app/number_text.h"
#include "app/plot/plot_items.h"
#include "app/plot/value_text.h"
#include "quant/input_error.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <format>

namespace app {

namespace {

// What is read off at the clip: measured where that is done, else estimated from the profile.
struct Reading {
    double mse = 0;
    std::optional<double> sqnrDb;
    std::optional<double> clippedFraction;
    bool isMeasured = false;
};

Reading readingOf(ViewContext& context, const quant::ClippedGrid& grid) {
    const auto& latest = context.workspace.readout().latest();
    if (latest && latest->question.grid.format == grid.format && latest->question.grid.clip == grid.clip &&
        latest->question.grid.low == grid.low)
        return {latest->mse, latest->sqnrDb, latest->clippedFraction, true};
    const CurvesAnswer& answer = context.workspace.curves().answer();
    const auto finite = static_cast<double>(std::max<uint64_t>(answer.profile->finite(), 1));
    const double squared = answer.estimate->at(grid);
    Reading reading{.mse = squared / finite};
    if (squared > 0 && answer.energy > 0) reading.sqnrDb = 10 * std::log10(answer.energy / squared);
    return reading;
}

// In a further row where there is no room left in the present one.
void showValue(const ViewContext& context, const char* name, const std::string& value) {
    const float width = ImGui::CalcTextSize(name).x + context.px(5) + ImGui::CalcTextSize(value.c_str()).x;
    if (ImGui::GetContentRegionAvail().x < width) ImGui::NewLine();
    if (context.hasControls) ImGui::AlignTextToFramePadding();
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme().dimText);
    ImGui::TextUnformatted(name);
    ImGui::PopStyleColor();
    ImGui::SameLine(0, context.px(5));
    ImGui::TextUnformatted(value.c_str());
    ImGui::SameLine(0, context.px(18));
}

// The tensor, and what is known of it.
void showHeading(ViewContext& context) {
    const quant::TensorInfo& info = context.workspace.shown()->info();
    ImGui::TextUnformatted(quant::printable(info.name, 120).c_str());
    ImGui::SameLine(0, context.px(14));
    std::string about = std::string(name(info.dtype)) + "  " + shapeText(info.shape);
    const CurvesAnswer& answer = context.workspace.curves().answer();
    if (answer.isWhole) about += "  absmax " + valueText(answer.profile->absmax());
    if (answer.profile && !answer.isWhole) about += "  reading ...";
    if (answer.isWhole && !answer.curves.empty() && answer.seenFraction < 1)
        about += "  measured " + percentText(answer.seenFraction);
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme().dimText);
    const float room = ImGui::GetContentRegionAvail().x / context.ui.scale();
    ImGui::TextUnformatted(fitted(about, room, context.ui.measure()).c_str());
    ImGui::PopStyleColor();
}

// For the clipboard.
std::string readingText(const quant::ClippedGrid& grid, const Reading& reading) {
    std::string text = grid.format.name() + " clip " + std::format("{}", grid.clip) + " step " +
                       std::format("{}", grid.step()) + " mse " + std::format("{}", reading.mse);
    if (reading.sqnrDb) text += " sqnr_db " + std::format("{}", *reading.sqnrDb);
    if (reading.clippedFraction) text += " clipped " + std::format("{}", *reading.clippedFraction);
    return text + (reading.isMeasured ? "" : " (estimated)");
}

void showReading(ViewContext& context, const quant::ClippedGrid& grid) {
    const Reading reading = readingOf(context, grid);
    const std::string about = reading.isMeasured ? "" : "≈";
    showValue(context, "format", grid.format.name());
    if (context.hasControls) {
        showClipControls(context, grid, readingText(grid, reading));
    } else if (!grid.format.fixedScale()) {
        const std::string low = grid.format.isAffine ? valueText(grid.low) + " … " : "";
        showValue(context, "clip", low + valueText(grid.clip));
    }
    showValue(context, "step", valueText(grid.step()));
    showValue(context, "MSE", about + valueText(reading.mse));
    showValue(context, "SQNR", reading.sqnrDb ? about + decibelText(*reading.sqnrDb) : "n/a");
    if (reading.clippedFraction) showValue(context, "clipped", percentText(*reading.clippedFraction));
    ImGui::NewLine();
}

// Of what is computed beside the curves, which are there all the same.
void showProblems(const ViewContext& context) {
    for (const std::string& problem :
         {context.workspace.methods().problem(), context.workspace.readout().problem()}) {
        if (problem.empty()) continue;
        ImGui::PushStyleColor(ImGuiCol_Text, context.theme().error);
        ImGui::TextWrapped("%s", quant::printable(problem, 300).c_str());
        ImGui::PopStyleColor();
    }
}

void setClip(Session& session, const ClipScene& scene, double clip) {
    const double absmax = scene.curves.profile->absmax();
    constexpr double least = 0x1p-126, most = 0x1.fffffep127;
    const double low = std::max(absmax * 0x1p-16, least);
    session.clip = std::clamp(clip, low, std::max(low, std::min(absmax * 4, most)));
}

// The clip line follows the pointer while it is held near it; arrow keys nudge by a pixel, with Shift by ten.
void changeClip(ViewContext& context, const ClipScene& scene, const LaidOutFigure& figure,
                const PlotGestures& gestures) {
    if (!scene.grid) return;
    Session& session = context.session;
    const Rect& plot = figure.layout.plot;
    const Axis& axis = figure.figure.x;
    const float line = pixelOf(plot, axis, figure.figure.y, scene.grid->clip, figure.figure.y.low).x;
    constexpr float reach = 7;
    ImGuiStorage& storage = *ImGui::GetStateStorage();
    const ImGuiID dragging = ImGui::GetID("clip is dragged");
    if (gestures.isPressed) storage.SetBool(dragging, true);
    if (!ImGui::IsMouseDown(ImGuiMouseButton_Left)) storage.SetBool(dragging, false);
    const bool isNear = std::abs(gestures.pixel.x - line) < reach;
    if (gestures.isHovered && isNear) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    if (gestures.isDoubleClicked) {
        session.clip.reset();
        storage.SetBool(dragging, false);
    } else if (gestures.isDragged && storage.GetBool(dragging)) {
        setClip(session, scene, gestures.value.x);
    }
}

void nudgeClip(ViewContext& context, const ClipScene& scene, const LaidOutFigure& figure) {
    if (!scene.grid) return;
    float moved = 0;
    if (isAsked(Action::ClipLeft)) moved -= 1;
    if (isAsked(Action::ClipRight)) moved += 1;
    if (isAsked(Action::ClipFarLeft)) moved -= 10;
    if (isAsked(Action::ClipFarRight)) moved += 10;
    if (moved == 0) return;
    const Axis& axis = figure.figure.x;
    const double unit = axis.unitOf(scene.grid->clip) + double{moved} / figure.layout.plot.width();
    setClip(context.session, scene, axis.valueAt(unit));
}

void moveAxes(Session& session, const LaidOutFigure& figure, const PlotGestures& gestures,
              AxisView& vertical) {
    const Figure& shown = figure.figure;
    const bool isAcross = !ImGui::GetIO().KeyShift, isUp = !ImGui::GetIO().KeyCtrl;
    if (isAcross)
        moveAxis(session.clips, shown.x, gestures.panned.x, gestures.zoom, shown.x.unitOf(gestures.value.x));
    if (isUp && (gestures.panned.y != 0 || ImGui::GetIO().KeyShift))
        moveAxis(vertical, shown.y, gestures.panned.y, gestures.zoom, shown.y.unitOf(gestures.value.y));
}

}  // namespace

void showClipView(ViewContext& context) {
    Workspace& workspace = context.workspace;
    Session& session = context.session;
    if (!workspace.shown()) return showNotice(context, workspace.problemOf(session.tensor));
    showHeading(context);
    const CurvesAnswer& answer = workspace.curves().answer();
    if (!workspace.curves().problem().empty()) return showNotice(context, workspace.curves().problem());
    if (!answer.profile) return showNotice(context, "reading ...");
    if (answer.profile->absmax() == 0)
        return showNotice(context, "No element is finite and other than zero: there is nothing to clip.");
    const auto& latest = workspace.readout().latest();
    ClipScene scene{.session = session,
                    .curves = answer,
                    .methods = workspace.methods().results(),
                    .readout = latest ? &*latest : nullptr,
                    .grid = workspace.grid(session),
                    .theme = context.theme()};
    const CurvesAnswer& reference = workspace.reference().answer();
    if (session.reference && reference.profile) {
        scene.reference = &reference;
        scene.referenceName = quant::printable(*session.reference, 60);
    }
    if (scene.grid) showReading(context, *scene.grid);
    showProblems(context);
    Rect errors = restOfWindow(context), counts = errors;
    errors.bottom = counts.top = std::round(std::lerp(errors.top, errors.bottom, 0.62f));
    const size_t first =
        context.figures.add({{errorFigure(scene), errors}, {histogramFigure(scene), counts}});
    const LaidOutFigure &upper = context.figures.all()[first], &lower = context.figures.all()[first + 1];
    const PlotGestures above = plotGestures("errors", upper, context.ui.scale());
    const PlotGestures below = plotGestures("histogram", lower, context.ui.scale());
    changeClip(context, scene, upper, above.isHovered || above.isDragged ? above : below);
    nudgeClip(context, scene, upper);
    if (context.hasControls && above.isHovered && !above.isDragged)
        showCrosshair(context, scene, upper, above);
    moveAxes(session, upper, above, session.errors);
    moveAxes(session, lower, below, session.counts);
}

}  // namespace app
