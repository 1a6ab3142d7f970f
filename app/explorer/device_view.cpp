#include "app/explorer/device_view.h"

#include "app/device_properties.h"
#include "app/explorer/device_figures.h"
#include "app/explorer/view_context.h"
#include "app/number_text.h"
#include "app/plot/value_text.h"
#include "quant/input_error.h"

#include <imgui.h>

#include <algorithm>

namespace app {

namespace {

// Narrower windows have the bars below the properties.
constexpr float leastWidthOfTwo = 720;

void showDim(const ViewContext& context, const std::string& text) {
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme().dimText);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopStyleColor();
}

// Names and values in two columns; a name that comes again is left out.
void showProperties(const ViewContext& context, const DeviceProperties& properties) {
    float widest = 0;
    for (const auto& [name, value] : properties)
        widest = std::max(widest, ImGui::CalcTextSize(name.c_str()).x);
    std::string previous;
    for (const auto& [name, value] : properties) {
        showDim(context, name == previous ? "" : name);
        ImGui::SameLine(widest + context.px(14));
        ImGui::PushTextWrapPos(0);
        ImGui::TextUnformatted(quant::printable(value).c_str());
        ImGui::PopTextWrapPos();
        previous = name;
    }
}

// On two drivers alike, but for the wording: what was measured and how.
std::string methodText(const DeviceTimings& timings) {
    return countText(timings.elements) + " floats, median of 5, " +
           (timings.hasTimestamps ? "device clock" : "host clock");
}

void showFacts(ViewContext& context) {
    const engine::DeviceInfo& info = context.workspace.device().info();
    ImGui::TextUnformatted(quant::printable(info.name).c_str());
    ImGui::Dummy({0, context.px(2)});
    DeviceProperties properties = devicePropertiesOf(info);
    std::ranges::copy(deviceLimitsOf(info), std::back_inserter(properties));
    showProperties(context, properties);
}

void showTimings(ViewContext& context) {
    DeviceTask& task = context.workspace.deviceTask();
    const DeviceTimings timings = task.timings();
    ImGui::BeginDisabled(!task.isDone());
    if (ImGui::Button(task.isDone() ? "measure again" : "measuring ...")) task.again();
    ImGui::EndDisabled();
    if (!task.problem().empty()) return showNotice(context, task.problem());
    if (timings.kernels.empty()) return;
    ImGui::SameLine(0, context.px(12));
    ImGui::AlignTextToFramePadding();
    std::string about;
    if (timings.frameSeconds) about = "plot drawn in " + valueText(*timings.frameSeconds * 1e3, 3) + " ms";
    ImGui::TextUnformatted(about.c_str());
    showDim(context, methodText(timings));
    const Rect frame = restOfWindow(context);
    const float line = context.ui.lineHeight();
    const BarRoom room{frame.width() * 0.8f, frame.height() - 4 * line, line};
    context.figures.add({{deviceFigure(timings, context.theme(), room), frame}});
}

}  // namespace

void showDeviceView(ViewContext& context) {
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const bool isWide = room.x >= context.px(leastWidthOfTwo);
    const ImVec2 facts = isWide ? ImVec2(room.x * 0.38f, 0) : ImVec2(0, room.y * 0.4f);
    ImGui::BeginChild("facts", facts);
    showFacts(context);
    ImGui::EndChild();
    if (isWide) ImGui::SameLine(0, context.px(12));
    ImGui::BeginChild("timings");
    showTimings(context);
    ImGui::EndChild();
}

}  // namespace app
