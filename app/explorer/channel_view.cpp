#include "app/explorer/channel_view.h"

#include "app/explorer/channel_figures.h"
#include "app/explorer/plot_gestures.h"
#include "app/explorer/tensor_heading.h"
#include "app/explorer/view_context.h"
#include "app/plot/value_text.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace app {

namespace {

constexpr float roomyWidth = 560;  // logical pixels from which on there are controls

void chooseAxis(ViewContext& context, const quant::TensorInfo& info) {
    if (info.shape.size() < 2 || info.shape.size() > 8) return;
    showWord(context, "channels along axis");
    for (uint32_t axis = 0; axis < info.shape.size(); ++axis) {
        const std::string word = std::to_string(axis) + ": " + std::to_string(info.shape[axis]);
        if (!showChoice(context, word.c_str(), axis == context.session.channels.axis)) continue;
        context.session.channels.axis = axis;
        context.session.channels.selected.clear();
        context.session.channels.rows.bounds.reset();
    }
    ImGui::SameLine(0, context.px(18));
}

void showGain(const ViewContext& context, const ChannelsAnswer& answer, bool isRoomy) {
    const auto sqnr = [](const quant::MethodResult& result) {
        return result.sqnrDb ? decibelText(*result.sqnrDb) : "n/a";
    };
    if (answer.whole) showValue(context, isRoomy ? "SQNR with one clip" : "SQNR", sqnr(*answer.whole));
    if (answer.perChannel && isRoomy) showValue(context, "with one per channel", sqnr(*answer.perChannel));
    if (answer.whole && answer.whole->sqnrDb && answer.perChannel && answer.perChannel->sqnrDb) {
        const double gain = *answer.perChannel->sqnrDb - *answer.whole->sqnrDb;
        showValue(context, isRoomy ? "gain" : "gain per channel", (gain >= 0 ? "+" : "") + decibelText(gain));
    }
}

void select(Session& session, const ChannelScene& scene, uint64_t channel, bool isToggling) {
    std::vector<uint64_t>& selected = session.channels.selected;
    if (!isToggling) {
        selected = {channel};
        return;
    }
    // What is shown is what is added to, even where nothing was selected.
    if (selected.empty()) selected = shownChannels(scene);
    if (std::erase(selected, channel) == 0) selected.push_back(channel);
}

void moveSelection(Session& session, const ChannelScene& scene) {
    if (ImGui::GetIO().WantTextInput) return;
    int64_t moved = 0;
    if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) --moved;
    if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) ++moved;
    const std::vector<uint64_t> shown = shownChannels(scene);
    if (moved == 0 || shown.empty()) return;
    const auto last = static_cast<int64_t>(scene.channels.channels) - 1;
    const int64_t from = static_cast<int64_t>(shown.back());
    session.channels.selected = {static_cast<uint64_t>(std::clamp<int64_t>(from + moved, 0, last))};
}

// The cell under the pointer.
void showCell(ViewContext& context, const ChannelScene& scene, const PlotGestures& gestures) {
    const std::vector<float>& clips = scene.channels.clips;
    const double spacing = std::log2(clips[1] / clips[0]);
    const double column = std::round(std::log2(gestures.value.x / double{clips[0]}) / spacing);
    if (!(column >= 0 && column < static_cast<double>(clips.size())) || !(gestures.value.y >= 0) ||
        gestures.value.y >= scene.channels.channels)
        return;
    const auto channel = static_cast<uint64_t>(gestures.value.y);
    const auto clip = static_cast<uint32_t>(column);
    const float error = context.workspace.channels().errorAt(channel, clip);
    const float best = scene.channels.perChannel->clip[channel];
    ImGui::SetTooltip("channel %llu\nclip %s\nMSE %s\nits best clip %s",
                      static_cast<unsigned long long>(channel), valueText(clips[clip]).c_str(),
                      valueText(error).c_str(), best > 0 ? valueText(best).c_str() : "none: all zero");
}

void answerPointer(ViewContext& context, const ChannelScene& scene, const LaidOutFigure& map,
                   const PlotGestures& gestures) {
    ChannelState& state = context.session.channels;
    if (gestures.isHovered) {
        showCell(context, scene, gestures);
        if (gestures.isClicked && gestures.value.y >= 0 && gestures.value.y < scene.channels.channels)
            select(context.session, scene, static_cast<uint64_t>(gestures.value.y), ImGui::GetIO().KeyCtrl);
        moveSelection(context.session, scene);
    }
    if (gestures.isDoubleClicked) {
        state.clips.bounds.reset();
        state.rows.bounds.reset();
        return;
    }
    const Axis &x = map.figure.x, &y = map.figure.y;
    const bool isRowZoom = ImGui::GetIO().KeyShift;
    moveAxis(state.clips, x, gestures.panned.x, isRowZoom ? 1 : gestures.zoom, x.unitOf(gestures.value.x));
    moveAxis(state.rows, y, gestures.panned.y, isRowZoom ? gestures.zoom : 1, y.unitOf(gestures.value.y));
    if (state.rows.bounds) {
        // Rows beyond the channels are not worth a look; the length stays while there is something to pan to.
        auto& [low, high] = *state.rows.bounds;
        const double rows = scene.channels.channels, length = std::min(high - low, rows);
        low = std::clamp(low, 0.0, rows - length);
        high = low + length;
    }
}

const FormatCurve* tensorCurve(const CurvesAnswer& answer, const quant::NumberFormat& format) {
    const auto found = std::ranges::find(answer.curves, format, &FormatCurve::format);
    return found == answer.curves.end() ? nullptr : &*found;
}

std::string progress(const ChannelsAnswer& answer) {
    if (answer.whole) return "";
    return "measured " + percentText(answer.seenFraction);
}

void showFigures(ViewContext& context, const quant::NumberFormat& format) {
    Workspace& workspace = context.workspace;
    const ChannelsAnswer& answer = workspace.channels().answer();
    ChannelScene scene{.session = context.session,
                       .axis = context.session.channels.axis,
                       .channels = answer,
                       .tensor = tensorCurve(workspace.curves().answer(), format),
                       .theme = context.theme()};
    if (const auto grid = workspace.grid(context.session); grid && grid->clip > 0) scene.clip = grid->clip;
    Rect map = restOfWindow(context), curves = map;
    map.bottom = curves.top = std::round(std::lerp(map.top, map.bottom, 0.62f));
    const size_t first = context.figures.add({{channelMap(scene), map}, {channelCurves(scene), curves}});
    const LaidOutFigure &upper = context.figures.all()[first], &lower = context.figures.all()[first + 1];
    const PlotGestures above = plotGestures("channels", upper, context.ui.scale());
    const PlotGestures below = plotGestures("curves of channels", lower, context.ui.scale());
    moveAxis(context.session.channels.clips, lower.figure.x, below.panned.x, below.zoom,
             lower.figure.x.unitOf(below.value.x));
    answerPointer(context, scene, upper, above);
}

}  // namespace

void showChannelView(ViewContext& context) {
    Workspace& workspace = context.workspace;
    if (!workspace.shown()) return showNotice(context, workspace.problemOf(context.session.tensor));
    const ChannelsAnswer& answer = workspace.channels().answer();
    const CurvesAnswer& tensor = workspace.curves().answer();
    const auto format = workspace.chosenFormat(context.session);
    showTensorHeading(context, tensor.isWhole && answer.perChannel ? progress(answer) : "");
    if (!workspace.curves().problem().empty()) return showNotice(context, workspace.curves().problem());
    const quant::TensorInfo& info = workspace.shown()->info();
    const bool isRoomy = ImGui::GetContentRegionAvail().x >= context.px(roomyWidth);
    if (isRoomy) chooseAxis(context, info);
    if (format && isRoomy) showValue(context, "format", format->name());
    showGain(context, answer, isRoomy);
    ImGui::NewLine();
    if (!format) return showNotice(context, "reading ...");
    const std::string problem = channelsProblem(info, context.session.channels.axis, *format);
    if (!problem.empty()) return showNotice(context, problem);
    if (tensor.isWhole && tensor.profile->absmax() == 0)
        return showNotice(context, "No element is finite and other than zero: there is nothing to clip.");
    if (!workspace.channels().problem().empty()) return showNotice(context, workspace.channels().problem());
    if (answer.channels == 0) return showNotice(context, "finding the clip of each channel ...");
    showFigures(context, *format);
}

}  // namespace app
