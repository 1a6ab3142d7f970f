#include "app/explorer/explorer_window.h"

#include "app/messages.h"
#include "engine/error.h"
#include "quant/input_error.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace app {

namespace {

// Of a frame, for computing.
constexpr std::chrono::milliseconds workBudget(8);

// Seconds until a window that could not be drawn on is tried again.
constexpr double retryBeat = 0.1;

std::string titleOf(const Session& session) {
    if (session.inputs.empty()) return "Clipscope";
    std::filesystem::path path = std::filesystem::path(session.inputs.front()).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    const size_t others = session.inputs.size() - 1;
    return quant::printable(path.filename().string()) +
           (others ? " and " + std::to_string(others) + " more" : "") + " - Clipscope";
}

}  // namespace

ExplorerWindow::ExplorerWindow(const Display& display, const engine::Instance& instance, ExplorerHost& host,
                               const WindowPlace& place, std::optional<float> scale)
    : m_instance(instance), m_host(host), m_scale(scale), m_window(display, place, "Clipscope") {
    m_host.onOpen(
        [this] {
            m_swapchain = std::make_unique<engine::Swapchain>(m_host.device(), m_instance, m_window.handle());
            explorer().ui().setClipboard(m_window.clipboard());
            explorer().setOverlay([this] { layOutOverlay(); });
            explorer().keepBars(true);
        },
        [this] {
            m_swapchain.reset();
            m_image = {};
        });
}

ExplorerWindow::~ExplorerWindow() {
    m_host.onOpen({}, {});
    if (m_host.isOpen()) explorer().setOverlay({});
}

float ExplorerWindow::scale() const {
    return std::clamp(m_scale.value_or(m_window.contentScale()), 0.5f, 8.0f);
}

// How long to wait for events before there is something else to do; none: for ever.
std::optional<double> ExplorerWindow::patience() {
    std::optional<double> longest;
    if (m_shaders.isWatching()) longest = std::chrono::duration<double>(ShaderWatch::interval).count();
    if (m_window.isIconified() || !m_shaderProblem.empty()) return longest;
    if (!m_input.isEmpty()) return 0;
    if (!m_isShown) return retryBeat;
    const double next = explorer().nextFrameSeconds() - sinceLastFrame();
    if (std::isinf(next)) return longest;
    return std::clamp(next, 0.0, longest.value_or(next));
}

double ExplorerWindow::sinceLastFrame() const {
    return std::chrono::duration<double>(Clock::now() - m_lastFrame).count();
}

void ExplorerWindow::run() {
    m_host.attempt([&] { drawFrame(); });
    m_window.show();
    while (!m_window.isClosing()) {
        take(m_window.waitFor(patience()));
        m_host.attempt([&] { reloadShaders(); });
        if (m_window.isIconified() || !m_shaderProblem.empty()) continue;
        if (!m_isShown || !m_input.isEmpty() || explorer().nextFrameSeconds() <= sinceLastFrame())
            m_host.attempt([&] { drawFrame(); });
    }
    // What is still being saved is saved, or ends the command.
    if (const auto error = explorer().finishWriting()) std::rethrow_exception(error);
}

void ExplorerWindow::take(WindowEvents events) {
    m_input.add(events.input);
    if (events.isDamaged) explorer().refresh();
    if (events.dropped.empty()) return;
    explorer().open(events.dropped);
}

void ExplorerWindow::drawFrame() {
    const uint32_t most = m_host.device().info().maxImageExtent;
    const uint32_t width = std::min(m_window.width(), most), height = std::min(m_window.height(), most);
    m_isShown = false;
    if (width == 0 || height == 0) return;
    if (m_image.width() != width || m_image.height() != height)
        m_image = engine::Image(m_host.device(), width, height, "window");
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - m_lastFrame).count();
    m_lastFrame = now;
    explorer().feed(m_input);
    try {
        explorer().draw(m_image, scale(), seconds, workBudget);
    } catch (const engine::ShaderError& error) {
        // At its first use, so that there is no older one that could stay.
        m_shaderProblem = error.what();
        printMessage("warning", m_shaderProblem);
        return showTitle();
    }
    m_isShown = m_swapchain->show(m_image);
    m_window.setCursor(explorer().ui().cursor());
    showTitle();
}

void ExplorerWindow::reloadShaders() {
    const auto now = Clock::now();
    if (now - m_lastLook < ShaderWatch::interval) return;
    m_lastLook = now;
    // What was computed with the old kernels goes with them.
    if (!m_shaders.update(m_host.device(), [&] { explorer().workspace().startAgain(); })) return;
    m_shaderProblem.clear();
    explorer().refresh();
}

void ExplorerWindow::layOutOverlay() {
    if (ImGui::IsKeyChordPressed(ImGuiMod_Ctrl | ImGuiKey_Q)) m_window.close();
    if (m_shaders.problems().empty()) return;
    const ImVec2 room = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({0, room.y}, ImGuiCond_Always, {0, 1});
    ImGui::SetNextWindowSize({room.x, 0});
    ImGui::Begin("Shaders that do not compile", nullptr,
                 ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoResize |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoFocusOnAppearing |
                     ImGuiWindowFlags_NoNav);
    for (const std::string& problem : m_shaders.problems()) ImGui::TextWrapped("%s", problem.c_str());
    ImGui::End();
}

void ExplorerWindow::showTitle() {
    const std::string title = m_shaderProblem.empty() ? titleOf(explorer().session()) : m_shaderProblem;
    if (title == m_title) return;
    m_title = title;
    m_window.setTitle(title);
}

}  // namespace app
