#include "app/explorer/bare_view.h"

#include "app/explorer/view_context.h"
#include "app/explorer/view_switch.h"

#include <imgui.h>

namespace app {

void showBareView(ViewContext& context, uint32_t width, uint32_t height) {
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize({static_cast<float>(width), static_cast<float>(height)});
    ImGui::Begin("view", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse |
                     ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNav);
    showView(context);
    ImGui::End();
}

}  // namespace app
