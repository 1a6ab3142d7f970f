#include "app/explorer/explorer.h"

#include "app/explorer/view_context.h"
#include "app/explorer/view_switch.h"

#include <imgui.h>

namespace app {

Explorer::Explorer(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : m_device(device), m_workspace(device, memoryBytes, path), m_figures(m_ui), m_renderer(device) {}

void Explorer::show(const Session& session) {
    if (session.inputs != m_workspace.inputs() || session.raw != m_workspace.raw())
        m_workspace.open(session.inputs, session.raw);
    m_session = session;
    if (m_session.tensor.empty()) {
        if (const auto first = m_workspace.find("")) m_session.tensor = first->info().name;
    }
    m_framesWanted = 2;
}

void Explorer::notify(const std::string& text) {
    m_notice = text;
    refresh();
}

void Explorer::layOutNotice(float width) {
    if (m_notice.empty()) return;
    bool isOpen = true;
    ImGui::SetNextWindowPos({width / 2, 0}, ImGuiCond_Always, {0.5f, 0});
    ImGui::SetNextWindowSizeConstraints({0, 0}, {width * 0.9f, FLT_MAX});
    ImGui::Begin("Message", &isOpen,
                 ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav);
    ImGui::PushTextWrapPos(width * 0.85f);
    ImGui::TextUnformatted(m_notice.c_str());
    ImGui::PopTextWrapPos();
    ImGui::End();
    if (!isOpen) m_notice.clear();
}

void Explorer::feed(const InputEvent& event) {
    m_ui.feed(event);
    m_framesWanted = 2;
}

bool Explorer::needsFrame() const {
    return m_framesWanted > 0 || isBusy() || m_ui.isAnimating();
}

void Explorer::layOut(uint32_t width, uint32_t height) {
    m_figures.clear();
    ViewContext context{m_session, m_workspace, m_figures, m_ui};
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize({static_cast<float>(width), static_cast<float>(height)});
    ImGui::Begin("view", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse |
                     ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNav);
    if (m_workspace.inputs().empty())
        showNotice(context, "Drop a file here, or press Ctrl+O.");
    else
        showView(context);
    ImGui::End();
    layOutNotice(static_cast<float>(width));
    if (m_overlay) m_overlay();
}

engine::Ticket Explorer::draw(const engine::Image& image, float scale, double seconds,
                              std::chrono::steady_clock::duration budget) {
    m_workspace.want(m_session);
    m_workspace.run(budget);
    const Theme& theme = m_session.theme == Appearance::Dark ? darkTheme() : lightTheme();
    if (&theme != &m_ui.theme() || scale != m_ui.scale()) m_ui.setLook(theme, scale);
    m_ui.beginFrame(image.width(), image.height(), seconds);
    layOut(image.width(), image.height());
    const ImDrawData& data = m_ui.endFrame();
    if (m_framesWanted > 0) --m_framesWanted;
    return m_renderer.draw(image, data, m_ui.atlas(), m_figures.all(), scale, theme.panel);
}

}  // namespace app
