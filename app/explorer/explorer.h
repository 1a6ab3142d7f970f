#pragma once

#include "app/explorer/figure_list.h"
#include "app/explorer/input_event.h"
#include "app/explorer/session.h"
#include "app/explorer/session_history.h"
#include "app/explorer/ui.h"
#include "app/explorer/workspace.h"
#include "app/plot/frame_renderer.h"
#include "engine/image.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace app {

// The explorer without its window: a session, what it shows, and what a person does to it. A window, an
// offscreen picture and a stream all draw one of these. Input goes in with feed(), pictures come out of
// draw().
class Explorer {
public:
    Explorer(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path);

    // Opens the inputs of the session as well, where they are others than those that are open. Throws
    // quant::InputError and std::invalid_argument, with what was there still there.
    void show(const Session& session);
    const Session& session() const { return m_session; }

    // Says something to the person until the next message.
    void notify(const std::string& text);
    // Lays out what is to stand above everything else, in each frame.
    void setOverlay(std::function<void()> overlay) { m_overlay = std::move(overlay); }
    // The next frame would look different for a reason that lies outside.
    void refresh() { m_framesWanted = 2; }

    void feed(const InputEvent& event);
    // Lets the work go on, lays out a frame of so many pixels and draws it. scale: pixels of a logical pixel.
    // seconds: since the last frame. budget: for the work.
    engine::Ticket draw(const engine::Image& image, float scale, double seconds,
                        std::chrono::steady_clock::duration budget);

    // Whether there is still something to compute, and whether a further frame would look different.
    bool isBusy() const { return !m_workspace.isIdle(); }
    bool needsFrame() const;

    Workspace& workspace() { return m_workspace; }
    // Of the last frame, in logical pixels.
    const std::vector<LaidOutFigure>& figures() const { return m_figures.all(); }
    Ui& ui() { return m_ui; }

private:
    void layOut(uint32_t width, uint32_t height);
    void layOutNotice(float width);

    engine::Device& m_device;
    Session m_session;
    Workspace m_workspace;
    Ui m_ui;
    FigureList m_figures;
    FrameRenderer m_renderer;
    std::string m_notice;
    std::function<void()> m_overlay;
    int m_framesWanted = 2;  // Dear ImGui needs a frame or two to settle
};

}  // namespace app
