#pragma once

#include "app/explorer/figure_list.h"
#include "app/explorer/input_event.h"
#include "app/explorer/session.h"
#include "app/explorer/session_history.h"
#include "app/explorer/shell.h"
#include "app/explorer/ui.h"
#include "app/explorer/workspace.h"
#include "app/plot/frame_renderer.h"
#include "engine/image.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
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
    // The same with what there is of a session that may name files, tensors and channels that are gone.
    // Returns what is missing, a line each. Throws as show() where none of its inputs can be opened.
    std::vector<std::string> showWhatIsThere(const Session& session);
    const Session& session() const { return m_session; }

    // What a person drops on the window, or has chosen: tensor files and folders, or one session that was
    // saved. Never throws for what is wrong with them: that becomes a notice, and what was open stays.
    // Returns whether it is open now.
    bool open(const std::vector<std::string>& paths);
    void notify(NoticeKind kind, const std::string& text);

    // The top bar is there whether or not the session shows the table. Without, a session that hides the
    // table shows its view alone, as pictures want it.
    void keepBars(bool isKept) { m_areBarsKept = isKept; }
    // Absolute paths, the latest first; open() adds to them.
    const std::vector<std::string>& recentFiles() { return m_shell.recentFiles(); }
    void setRecentFiles(std::vector<std::string> files) { m_shell.recentFiles() = std::move(files); }
    // Lays out what is to stand above everything else, in each frame.
    void setOverlay(std::function<void()> overlay) { m_overlay = std::move(overlay); }
    // The next frame would look different for a reason that lies outside.
    void refresh() { m_framesWanted = 2; }

    void feed(const InputEvent& event);
    // Lets the work go on, lays out a frame of so many pixels and draws it. scale: pixels of a logical pixel.
    // seconds: since the last frame. budget: for the work.
    engine::Ticket draw(const engine::Image& image, float scale, double seconds,
                        std::chrono::steady_clock::duration budget);

    // Whether there is still something to compute, and whether a further frame would look different now.
    bool isBusy() const { return !m_workspace.isIdle(); }
    bool needsFrame() const;
    // In how many seconds after the last frame one would look different without input, as when a tooltip
    // appears or a notice fades: 0 where needsFrame(), infinity where nothing changes.
    double nextFrameSeconds() const;

    Workspace& workspace() { return m_workspace; }
    // Of the last frame, in logical pixels.
    const std::vector<LaidOutFigure>& figures() const { return m_figures.all(); }
    Ui& ui() { return m_ui; }
    const Shell& shell() const { return m_shell; }

private:
    void layOut(uint32_t width, uint32_t height);
    void perform(Action action);
    void answer(const DialogAnswer& answer);
    bool openAny(const std::vector<std::string>& paths, std::string& problem);
    void openSession(const std::string& path);
    bool save(const std::string& path);
    void saveOrAsk();
    void exportTo(const DialogAnswer& answer);
    void goTo(const Session& session);
    void copyCommand();
    bool isHeld() const;
    void forgetSteps();

    engine::Device& m_device;
    Session m_session;
    SessionHistory m_history;
    Workspace m_workspace;
    Ui m_ui;
    FigureList m_figures;
    FrameRenderer m_renderer;
    Shell m_shell;
    std::vector<Action> m_asked;  // in the last frame, to be done once that is drawn
    std::optional<DialogAnswer> m_answered;
    std::string m_savedAs;  // path of the session's file; empty before it has one
    bool m_areBarsKept = false, m_isFresh = true;
    double m_sinceWheel = 1;  // seconds
    std::function<void()> m_overlay;
    int m_framesWanted = 2;  // Dear ImGui needs a frame or two to settle
};

}  // namespace app
