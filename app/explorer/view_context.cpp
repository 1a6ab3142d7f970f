#include "app/explorer/view_context.h"

#include <imgui.h>

namespace app {

Rect restOfWindow(const ViewContext& context) {
    const ImVec2 start = ImGui::GetCursorScreenPos(), size = ImGui::GetContentRegionAvail();
    const float scale = context.ui.scale();
    return {start.x / scale, start.y / scale, (start.x + size.x) / scale, (start.y + size.y) / scale};
}

void showNotice(const ViewContext& context, const std::string& text) {
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float width = std::min(room.x, context.px(460));
    const ImVec2 size = ImGui::CalcTextSize(text.c_str(), nullptr, false, width);
    const ImVec2 start = ImGui::GetCursorPos();
    ImGui::SetCursorPos({start.x + (room.x - size.x) / 2, start.y + (room.y - size.y) * 0.4f});
    ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width);
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme().dimText);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopStyleColor();
    ImGui::PopTextWrapPos();
}

}  // namespace app
