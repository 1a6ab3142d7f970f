#include "app/explorer/tensor_heading.h"

#include "app/explorer/view_context.h"
#include "app/number_text.h"
#include "app/plot/value_text.h"
#include "quant/input_error.h"

#include <imgui.h>

namespace app {

void showTensorHeading(const ViewContext& context, std::string_view more) {
    const quant::TensorInfo& info = context.workspace.shown()->info();
    ImGui::TextUnformatted(quant::printable(info.name, 120).c_str());
    ImGui::SameLine(0, context.px(14));
    std::string about = std::string(name(info.dtype)) + "  " + shapeText(info.shape);
    const CurvesAnswer& answer = context.workspace.curves().answer();
    if (answer.profile) {
        const quant::Profile& profile = *answer.profile;
        about += answer.isWhole ? "  absmax " + valueText(profile.absmax()) : "  reading ...";
        const std::string notFinite = notFiniteText(profile.notNumbers(), profile.infinities());
        if (!notFinite.empty()) about += "  " + notFinite;
    }
    if (!more.empty()) about += "  " + std::string(more);
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme().dimText);
    ImGui::TextUnformatted(about.c_str());
    ImGui::PopStyleColor();
}

void showWord(const ViewContext& context, const char* word) {
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme().dimText);
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted(word);
    ImGui::PopStyleColor();
    ImGui::SameLine(0, context.px(6));
}

void showValue(const ViewContext& context, const char* name, const std::string& value) {
    showWord(context, name);
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted(value.c_str());
    ImGui::SameLine(0, context.px(18));
}

bool showChoice(const ViewContext& context, const char* word, bool isChosen) {
    if (isChosen) ImGui::PushStyleColor(ImGuiCol_Button, context.theme().selection);
    const bool isClicked = ImGui::Button(word);
    if (isChosen) ImGui::PopStyleColor();
    ImGui::SameLine(0, context.px(4));
    return isClicked;
}

}  // namespace app
