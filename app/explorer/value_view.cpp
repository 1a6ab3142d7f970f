#include "app/explorer/value_view.h"

#include "app/explorer/plot_gestures.h"
#include "app/explorer/tensor_heading.h"
#include "app/explorer/value_figures.h"
#include "app/explorer/view_context.h"
#include "app/plot/value_text.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace app {

namespace {

constexpr float roomyWidth = 560;  // logical pixels from which on there are all controls

// A picture has one clip at most.
bool canQuantize(const ViewContext& context) {
    return context.workspace.grid(context.session).has_value();
}

void chooseValues(ViewContext& context) {
    struct Choice {
        ShownValues what;
        const char* word;
        ImGuiKey key;
    };
    constexpr Choice choices[] = {{ShownValues::Original, "original", ImGuiKey_O},
                                  {ShownValues::Quantized, "quantized", ImGuiKey_Q},
                                  {ShownValues::Difference, "difference", ImGuiKey_D}};
    const ImGuiIO& io = ImGui::GetIO();
    const bool hasKeys = !io.WantTextInput && !io.KeyCtrl && !io.KeyAlt && !io.KeySuper;
    for (const Choice& choice : choices) {
        const bool isKeyed = hasKeys && ImGui::IsKeyPressed(choice.key, false);
        if (showChoice(context, choice.word, context.session.values.what == choice.what) || isKeyed)
            context.session.values.what = choice.what;
    }
    ImGui::SameLine(0, context.px(18));
}

void showSlice(Session& session, std::vector<uint64_t> slice) {
    session.values.slice = std::move(slice);
    session.values.zoom.reset();
}

// Page keys go through the slices one by one; before the first come all of them.
void stepSlice(Session& session, const quant::TensorInfo& info) {
    if (ImGui::GetIO().WantTextInput) return;
    const bool isDown = ImGui::IsKeyPressed(ImGuiKey_PageDown), isUp = ImGui::IsKeyPressed(ImGuiKey_PageUp);
    if (isDown == isUp) return;
    const std::vector<uint64_t>& slice = session.values.slice;
    const uint64_t number = sliceNumber(info, slice);
    if (isDown && slice.empty()) return showSlice(session, sliceOf(info, 0));
    if (isDown && number + 1 < sliceCount(info)) return showSlice(session, sliceOf(info, number + 1));
    if (isUp && !slice.empty())
        showSlice(session, number == 0 ? std::vector<uint64_t>() : sliceOf(info, number - 1));
}

void chooseSlice(ViewContext& context, const quant::TensorInfo& info) {
    Session& session = context.session;
    if (info.shape.size() < 3 || info.elements == 0) return;
    stepSlice(session, info);
    const bool isRoomy = ImGui::GetContentRegionAvail().x >= context.px(roomyWidth);
    if (!isRoomy) return;
    const bool isWhole = session.values.slice.empty();
    if (showChoice(context, "all slices", isWhole)) showSlice(session, {});
    if (showChoice(context, "slice", !isWhole) && isWhole) showSlice(session, sliceOf(info, 0));
    std::vector<uint64_t> slice = sliceOf(info, sliceNumber(info, session.values.slice));
    for (size_t axis = 0; !isWhole && axis < std::min<size_t>(slice.size(), 6); ++axis) {
        const uint64_t last = info.shape[axis] - 1, first = 0;
        ImGui::SetNextItemWidth(context.px(58));
        const std::string id = "##slice" + std::to_string(axis);
        if (ImGui::DragScalar(id.c_str(), ImGuiDataType_U64, &slice[axis], 0.1f, &first, &last, nullptr,
                              ImGuiSliderFlags_AlwaysClamp))
            session.values.slice = slice;
        ImGui::SameLine(0, context.px(4));
    }
    ImGui::SameLine(0, context.px(18));
}

std::string indexText(const std::vector<uint64_t>& index) {
    std::string text;
    for (const uint64_t at : index) text += (text.empty() ? "" : ", ") + std::to_string(at);
    return "[" + text + "]";
}

// Two's complement, or sign, exponent and fraction, in hexadecimal; that of an integer also as the integer.
std::string codeText(const quant::ClippedGrid& grid, double quantized) {
    const quant::NumberFormat& format = grid.format;
    if (!(grid.step() > 0)) return "0";
    const double element = quantized / double{grid.step()} + grid.zeroPoint();
    if (format.hasNoiseFactor() || format.isAffine) return std::to_string(std::llround(element));
    const double nearest = format.quantize(element);
    char text[16];
    std::snprintf(text, sizeof text, "0x%x", format.encode(nearest));
    return text;
}

void showElement(ViewContext& context, const ValueScene& scene, const glm::dvec2& place) {
    const double row = std::floor(place.y + 0.5), column = std::floor(place.x + 0.5);
    if (!(row >= 0) || !(column >= 0)) return;
    const auto atRow = static_cast<uint64_t>(row), atColumn = static_cast<uint64_t>(column);
    const auto element = scene.image.elementAt(atRow, atColumn);
    if (!element) return;
    std::string text = indexText(indexOf(context.workspace.shown()->info(), *element));
    const auto cell = scene.image.cellOf(scene.part, atRow, atColumn);
    if (cell) {
        const ShownValue value = context.workspace.values().at(*cell);
        text += "\nvalue " + (std::isnan(value.original) ? "NaN" : valueText(value.original, 6));
        if (canQuantize(context) && !std::isnan(value.original)) {
            text += "\nquantized " + valueText(value.quantized, 6);
            text += "\ncode " + codeText(scene.grid, value.quantized);
            text += "\ndifference " + valueText(value.difference, 6);
        }
    } else {
        text += "\nclose up for its value";
    }
    ImGui::BeginTooltip();
    ImGui::TextUnformatted(text.c_str());
    ImGui::EndTooltip();
}

// Wheel and drag change what is visible; the place under the pointer stays there.
void moveImage(ViewContext& context, const ValueImage& image, const LaidOutFigure& shown,
               const PlotGestures& gestures, const ZoomRect& visible) {
    std::optional<ZoomRect>& zoom = context.session.values.zoom;
    if (gestures.isDoubleClicked) {
        zoom.reset();
        return;
    }
    const double width = visible.right - visible.left, height = visible.bottom - visible.top;
    glm::dvec2 moved{gestures.panned.x * width, -gestures.panned.y * height};
    if (gestures.isDragged && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 2)) {
        const ImVec2 delta = ImGui::GetIO().MouseDelta;
        const Rect& plot = shown.layout.plot;
        moved.x = -double{delta.x} / context.ui.scale() / plot.width() * width;
        moved.y = -double{delta.y} / context.ui.scale() / plot.height() * height;
    }
    const double factor = double{gestures.zoom};
    if (factor == 1 && moved.x == 0 && moved.y == 0) return;
    const double x = gestures.value.x + 0.5, y = gestures.value.y + 0.5;
    zoom = ZoomRect{x + (visible.left - x) * factor + moved.x, y + (visible.top - y) * factor + moved.y,
                    x + (visible.right - x) * factor + moved.x, y + (visible.bottom - y) * factor + moved.y};
    const bool isAll = zoom->right - zoom->left >= static_cast<double>(image.columns()) &&
                       zoom->bottom - zoom->top >= static_cast<double>(image.rows());
    if (isAll) zoom.reset();
}

// The frame in which the plot has the image's proportions. How much of a frame is its plot depends on the
// numbers beside it, which a layout of all of it tells.
Rect fittedFrame(const ViewContext& context, const ValueImage& image, const Figure& figure,
                 const Rect& frame) {
    const Rect plot =
        layOut(figure, frame, context.theme(), context.ui.measure(), context.ui.lineHeight()).plot;
    const glm::dvec2 room{std::max(plot.width(), 1.0f), std::max(plot.height(), 1.0f)};
    const glm::dvec2 fitted = fittedPlot(image, room);
    const auto left = static_cast<float>(std::floor((room.x - fitted.x) / 2));
    const auto right = static_cast<float>(room.x - fitted.x) - left;
    const auto below = static_cast<float>(room.y - fitted.y);
    return {frame.left + left, frame.top, frame.right - right, frame.bottom - below};
}

void showImage(ViewContext& context, const ValuesQuestion& shown) {
    Workspace& workspace = context.workspace;
    const ValueImage image(shown.place.info(), shown.slice);
    const CurvesAnswer& answer = workspace.curves().answer();
    const ValueScene scene{.session = context.session,
                           .image = image,
                           .part = shown.part,
                           .values = workspace.values().values(),
                           .grid = shown.grid,
                           .absmax = answer.profile->absmax(),
                           .theme = context.theme()};
    const ZoomRect visible = visibleRect(image, context.session.values.zoom);
    Figure described = valueFigure(scene, visible);
    const Rect frame = fittedFrame(context, image, described, restOfWindow(context));
    const size_t at = context.figures.add({{std::move(described), frame}});
    const LaidOutFigure& figure = context.figures.all()[at];
    const PlotGestures gestures = plotGestures("values", figure, context.ui.scale());
    if (gestures.isHovered && !gestures.isDragged) showElement(context, scene, gestures.value);
    moveImage(context, image, figure, gestures, visible);
}

void showQuantizer(const ViewContext& context) {
    const auto grid = context.workspace.grid(context.session);
    if (!grid || ImGui::GetContentRegionAvail().x < context.px(320)) return;
    showValue(context, "format", grid->format.name());
    if (!grid->format.fixedScale()) showValue(context, "clip", valueText(grid->clip));
    showValue(context, "step", valueText(grid->step()));
}

}  // namespace

void showValueView(ViewContext& context) {
    Workspace& workspace = context.workspace;
    if (!workspace.shown()) return showNotice(context, workspace.problemOf(context.session.tensor));
    const CurvesAnswer& answer = workspace.curves().answer();
    const auto& latest = workspace.values().latest();
    showTensorHeading(context, latest && latest->part.step > 1
                                   ? "every " + std::to_string(latest->part.step) + "th row of them"
                                   : "");
    const quant::TensorInfo& info = workspace.shown()->info();
    chooseValues(context);
    chooseSlice(context, info);
    showQuantizer(context);
    ImGui::NewLine();
    if (info.elements == 0) return showNotice(context, "The tensor has no elements.");
    for (const std::string& problem : {workspace.curves().problem(), workspace.values().problem()})
        if (!problem.empty()) return showNotice(context, problem);
    if (!answer.profile || !latest) return showNotice(context, "reading ...");
    const bool needsGrid = context.session.values.what != ShownValues::Original;
    const auto format = workspace.chosenFormat(context.session);
    if (needsGrid && format && !canQuantize(context) && answer.profile->absmax() > 0)
        return showNotice(context, "The format " + format->name() + " has no single clip to quantize with.");
    showImage(context, *latest);
}

}  // namespace app
