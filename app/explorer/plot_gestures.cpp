#include "app/explorer/plot_gestures.h"

#include <imgui.h>

#include <cmath>

namespace app {

namespace {

constexpr float zoomOfNotch = 0.85f;

}  // namespace

PlotGestures plotGestures(const char* id, const LaidOutFigure& figure, float scale) {
    PlotGestures gestures;
    const Rect& plot = figure.layout.plot;
    if (plot.width() < 1 || plot.height() < 1) return gestures;
    const ImVec2 before = ImGui::GetCursorPos();
    ImGui::SetCursorScreenPos({plot.left * scale, plot.top * scale});
    ImGui::SetNextItemAllowOverlap();
    ImGui::InvisibleButton(id, {plot.width() * scale, plot.height() * scale},
                           ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight |
                               ImGuiButtonFlags_MouseButtonMiddle);
    const bool isActive = ImGui::IsItemActive();
    gestures.isHovered = ImGui::IsItemHovered();
    ImGui::SetCursorPos(before);
    const ImGuiIO& io = ImGui::GetIO();
    gestures.pixel = {io.MousePos.x / scale, io.MousePos.y / scale};
    gestures.value = valueAt(plot, figure.figure.x, figure.figure.y, gestures.pixel);
    if (gestures.isHovered) {
        gestures.isPressed = ImGui::IsMouseClicked(ImGuiMouseButton_Left);
        gestures.isDoubleClicked = ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left);
        gestures.isContextAsked = ImGui::IsMouseReleased(ImGuiMouseButton_Right) &&
                                  io.MouseDragMaxDistanceSqr[ImGuiMouseButton_Right] < 25 * scale * scale;
        gestures.zoom = std::pow(zoomOfNotch, io.MouseWheel);
    }
    gestures.isDragged = isActive && ImGui::IsMouseDown(ImGuiMouseButton_Left);
    gestures.isClicked = gestures.isHovered && ImGui::IsMouseReleased(ImGuiMouseButton_Left) &&
                         io.MouseDragMaxDistanceSqr[ImGuiMouseButton_Left] < 25 * scale * scale;
    for (const int button : {ImGuiMouseButton_Right, ImGuiMouseButton_Middle}) {
        if (!isActive || !ImGui::IsMouseDragging(button, 3)) continue;
        gestures.panned = {-io.MouseDelta.x / scale / plot.width(), io.MouseDelta.y / scale / plot.height()};
    }
    return gestures;
}

void moveAxis(AxisView& view, const Axis& axis, double panned, double zoom, double unit) {
    if (panned == 0 && zoom == 1) return;
    Axis moved = axis;
    if (panned != 0) moved = moved.panned(panned);
    if (zoom != 1) moved = moved.zoomed(zoom, unit);
    view.bounds = {moved.low, moved.high};
}

}  // namespace app
