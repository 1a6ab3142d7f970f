#pragma once

#include "app/explorer/explorer_host.h"
#include "app/explorer/input_queue.h"
#include "app/explorer/shader_watch.h"
#include "app/explorer/window.h"
#include "engine/image.h"
#include "engine/instance.h"
#include "engine/swapchain.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace app {

// The explorer in a window: brings input to it and its pictures to the display, and sleeps where nothing
// changes.
class ExplorerWindow {
public:
    // scale: pixels of a logical pixel; none: as the monitor has it. The host must outlive it.
    ExplorerWindow(const Display& display, const engine::Instance& instance, ExplorerHost& host,
                   const WindowPlace& place, std::optional<float> scale);
    ~ExplorerWindow();
    ExplorerWindow(const ExplorerWindow&) = delete;
    ExplorerWindow& operator=(const ExplorerWindow&) = delete;

    // Until the window is closed. Throws engine::DeviceLost where the device is lost again and again,
    // quant::OutputError where something was being saved at the end and cannot be.
    void run();

    const WindowPlace& place() const { return m_window.place(); }

private:
    using Clock = std::chrono::steady_clock;

    Explorer& explorer() { return m_host.explorer(); }
    std::optional<double> patience();
    double sinceLastFrame() const;  // in seconds
    void take(WindowEvents events);
    void drawFrame();
    void reloadShaders();
    void layOutOverlay();
    void showTitle();
    float scale() const;

    engine::Instance m_instance;
    ExplorerHost& m_host;
    std::optional<float> m_scale;
    ShaderWatch m_shaders = ShaderWatch::fromEnvironment();
    Window m_window;
    std::unique_ptr<engine::Swapchain> m_swapchain;
    engine::Image m_image;
    InputQueue m_input;
    std::string m_title, m_shaderProblem;  // m_shaderProblem: of a shader that no frame can do without
    Clock::time_point m_lastFrame = Clock::now();
    Clock::time_point m_lastLook = Clock::now();  // at the shaders
    bool m_isShown = false;                       // the last frame
};

}  // namespace app
