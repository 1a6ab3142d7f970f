#pragma once

#include "app/explorer/background.h"
#include "app/explorer/figure_list.h"
#include "app/explorer/input_event.h"
#include "app/explorer/input_queue.h"
#include "app/explorer/read_files.h"
#include "app/explorer/session_history.h"
#include "app/explorer/shell.h"
#include "app/explorer/ui.h"
#include "app/explorer/workspace.h"
#include "app/plot/frame_renderer.h"
#include "engine/image.h"

#include <chrono>
#include <cstdint>
#include <exception>
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

    // What a person drops on the window: tensor files and folders, or one session that was saved. They are
    // read while frames go on, and shown in a later one. What is wrong with them becomes a notice then, and
    // what was open stays.
    void open(const std::vector<std::string>& paths) { beginReading(paths, false); }
    // Waits for what is being read or written. Returns the error of what could not be written; none
    // otherwise.
    std::exception_ptr finishFiles();
    // The same for what is being written alone, which needs no device.
    std::exception_ptr finishWriting();
    void notify(NoticeKind kind, const std::string& text);

    // The top bar is there whether or not the session shows the table. Without, a session that hides the
    // table shows its view alone, as pictures want it.
    void keepBars(bool isKept) { m_areBarsKept = isKept; }
    // What has been done so far, for another explorer to go on from.
    struct Past {
        SessionHistory history;
        std::string savedAs;                   // path of the session's file; empty before it has one
        std::vector<std::string> recentFiles;  // absolute paths, the latest first; open() adds to them
    };
    Past past();
    void setPast(Past past);
    void setRecentFiles(std::vector<std::string> files) { m_shell.recentFiles() = std::move(files); }
    // Lays out what is to stand above everything else, in each frame.
    void setOverlay(std::function<void()> overlay) { m_overlay = std::move(overlay); }
    // The next frame would look different for a reason that lies outside.
    void refresh() { m_framesWanted = 2; }

    void feed(const InputEvent& event);
    // What the next frame takes of a queue: nothing where a text field is about to get the keys, so that none
    // is lost that was typed too early.
    void feed(InputQueue& queue);
    // Lets the work go on, lays out a frame of so many pixels and draws it. scale: pixels of a logical pixel.
    // seconds: since the last frame. budget: for the work.
    engine::Ticket draw(const engine::Image& image, float scale, double seconds,
                        std::chrono::steady_clock::duration budget);

    // Whether there is still something to compute, and whether a further frame would look different now.
    bool isBusy() const { return !m_workspace.isIdle() || m_opening.isBusy() || m_writing.isBusy(); }
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
    // A session or an export that has been written, or why it could not be.
    struct WrittenFile {
        std::string path;
        std::exception_ptr error;  // a quant::OutputError; none where it is written
        std::string problem;
        bool isSession = false, isAsked = false;  // by a dialog, which waits
    };
    void beginWriting(WrittenFile file, std::function<void()> write);
    void beginReading(const std::vector<std::string>& paths, bool isAsked);
    void takeFiles(std::chrono::steady_clock::duration patience);
    void take(const WrittenFile& written);
    void take(ReadFiles read);
    std::vector<std::string> take(SessionOpening opening);
    void save(const std::string& path, bool isAsked);
    void saveOrAsk();
    void exportTo(const DialogAnswer& answer);
    void fail(const std::string& problem);
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
    std::string m_savedAs;
    bool m_areBarsKept = false, m_isFresh = true;
    double m_sinceWheel = 1;  // seconds
    std::function<void()> m_overlay;
    int m_framesWanted = 2;  // Dear ImGui needs a frame or two to settle
    Background<ReadFiles> m_opening;
    Background<WrittenFile> m_writing;
};

}  // namespace app
