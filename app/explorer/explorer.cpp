#include "app/explorer/explorer.h"

#include "app/explorer/command_text.h"
#include "app/explorer/session_edit.h"
#include "app/explorer/session_json.h"
#include "app/explorer/settings.h"
#include "app/explorer/view_context.h"
#include "app/explorer/view_name.h"
#include "engine/error.h"
#include "quant/input_error.h"

#include <imgui.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <limits>
#include <utility>

namespace app {

namespace {

constexpr int framesToSettle = 3;
constexpr double wheelSeconds = 0.5;  // turns closer together are one step of undo

std::string absolute(const std::string& path) {
    std::error_code ignored;
    const auto whole = std::filesystem::absolute(path, ignored);
    return whole.empty() ? path : whole.lexically_normal().string();
}

}  // namespace

Explorer::Explorer(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : m_device(device), m_workspace(device, memoryBytes, path), m_figures(m_ui), m_renderer(device) {}

void Explorer::show(const Session& session) {
    if (session.inputs != m_workspace.inputs() || session.raw != m_workspace.raw())
        m_workspace.open(openFiles(session.inputs, session.raw));
    m_session = session;
    if (m_session.tensor.empty()) m_session.tensor = m_workspace.nameOfFirst();
    if (m_isFresh) forgetSteps();
    m_framesWanted = framesToSettle;
}

std::vector<std::string> Explorer::showWhatIsThere(const Session& session) {
    return take(openSession(session));
}

// Returns what is missing.
std::vector<std::string> Explorer::take(SessionOpening opening) {
    if (opening.files.inputs != m_workspace.inputs() || opening.files.raw != m_workspace.raw())
        m_workspace.open(std::move(opening.files));
    m_session = std::move(opening.session);
    std::vector<std::string> missing = std::move(opening.missing);
    std::ranges::copy(keepWhatIsThere(m_session, m_workspace), std::back_inserter(missing));
    if (m_isFresh) forgetSteps();
    m_framesWanted = framesToSettle;
    return missing;
}

// What was shown before the first frame is where a person begins.
void Explorer::forgetSteps() {
    m_history = SessionHistory(m_session);
}

void Explorer::notify(NoticeKind kind, const std::string& text) {
    m_shell.notices().add(kind, quant::printable(text, 600));
    m_framesWanted = framesToSettle;
}

Explorer::Past Explorer::past() {
    return {m_history, m_savedAs, m_shell.recentFiles()};
}

void Explorer::setPast(Past past) {
    m_history = std::move(past.history);
    m_savedAs = std::move(past.savedAs);
    m_shell.recentFiles() = std::move(past.recentFiles);
    m_isFresh = false;
}

void Explorer::beginReading(const std::vector<std::string>& paths, bool isAsked) {
    if (!paths.empty()) m_opening.begin([paths, isAsked] { return readFiles(paths, isAsked); });
}

void Explorer::beginWriting(WrittenFile file, std::function<void()> write) {
    m_writing.begin([file = std::move(file), write = std::move(write)] {
        WrittenFile written = file;
        try {
            write();
        } catch (const quant::OutputError& error) {
            written.error = std::current_exception();
            written.problem = error.what();
        }
        return written;
    });
}

// What has been read or written meanwhile.
void Explorer::takeFiles(std::chrono::steady_clock::duration patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    const auto left = [&] { return std::max(end - std::chrono::steady_clock::now(), end - end); };
    while (auto read = m_opening.take(left())) take(std::move(*read));
    while (const auto written = m_writing.take(left())) take(*written);
}

std::exception_ptr Explorer::finishFiles() {
    while (auto read = m_opening.take(std::chrono::hours(1))) take(std::move(*read));
    return finishWriting();
}

std::exception_ptr Explorer::finishWriting() {
    std::exception_ptr error;
    while (const auto written = m_writing.take(std::chrono::hours(1))) {
        if (written->error) error = written->error;
        take(*written);
    }
    return error;
}

void Explorer::take(const WrittenFile& written) {
    if (!written.problem.empty()) {
        if (written.isAsked) return fail(written.problem);
        return notify(NoticeKind::Error, written.problem);
    }
    if (written.isAsked) m_shell.dialogs().close();
    if (written.isSession) m_savedAs = written.path;
    notify(NoticeKind::Done, (written.isSession ? "Saved " : "Exported ") + written.path);
}

void Explorer::take(ReadFiles read) {
    if (!read.problem.empty()) {
        if (read.isAsked) return fail(read.problem);
        return notify(NoticeKind::Error, read.problem);
    }
    if (read.isAsked) m_shell.dialogs().close();
    if (read.isSession)
        m_savedAs = read.paths.front();
    else
        read.opening.session = withInputs(m_session, read.paths);
    for (const std::string& missing : take(std::move(read.opening))) notify(NoticeKind::Warning, missing);
    Settings recent{.recentFiles = std::move(m_shell.recentFiles())};
    for (const std::string& path : read.paths) remember(recent, absolute(path));
    m_shell.recentFiles() = std::move(recent.recentFiles);
}

// In the dialog that asked, or where that has been closed in a corner.
void Explorer::fail(const std::string& problem) {
    m_shell.dialogs().fail(problem);
    if (!m_shell.dialogs().isOpen()) notify(NoticeKind::Error, problem);
    m_framesWanted = framesToSettle;
}

void Explorer::save(const std::string& path, bool isAsked) {
    beginWriting({.path = path, .isSession = true, .isAsked = isAsked},
                 [session = m_session, path] { writeSession(session, path); });
}

void Explorer::saveOrAsk() {
    if (m_savedAs.empty())
        m_shell.dialogs().askSave("");
    else
        save(m_savedAs, false);
}

void Explorer::exportTo(const DialogAnswer& answer) {
    const Rect view = m_shell.viewRect();
    try {
        beginWriting({.path = answer.path, .isAsked = true},
                     preparedExport(answer.path, answer.kind, m_session, m_workspace, view.width(),
                                    view.height(), answer.scale));
    } catch (const std::invalid_argument& error) {
        fail(error.what());
    } catch (const engine::OutOfMemory& error) {
        fail(error.what());
    }
}

void Explorer::answer(const DialogAnswer& answer) {
    // The dialog stays while files are read or written, and may be answered again.
    const bool isWaiting = answer.asked == Asked::Open ? m_opening.isBusy() : m_writing.isBusy();
    if (isWaiting) return;
    switch (answer.asked) {
        case Asked::Open:
            beginReading({answer.path}, true);
            break;
        case Asked::Save:
            save(answer.path, true);
            break;
        case Asked::Export:
            exportTo(answer);
            break;
    }
    m_framesWanted = framesToSettle;
}

// Files may be gone by now: then the step is not taken back.
void Explorer::goTo(const Session& session) {
    try {
        show(session);
    } catch (const quant::InputError& error) {
        notify(NoticeKind::Error, error.what());
        m_history.amend(m_session);
    }
}

void Explorer::copyCommand() {
    const auto& shown = m_workspace.shown();
    Session session = m_session;
    if (shown) session.tensor = shown->info().name;  // its row may have another
    const std::string line = commandText(session, shown ? shown->file->path() : "");
    if (line.empty()) return notify(NoticeKind::Warning, "There is no file to compute from.");
    ImGui::SetClipboardText(line.c_str());
    notify(NoticeKind::Done, "Copied  " + line);
}

void Explorer::perform(Action action) {
    switch (action) {
        case Action::Save:
            return saveOrAsk();
        case Action::Export:
            return m_shell.dialogs().askExport(m_session.tensor + "-" + std::string(name(m_session.view)));
        case Action::Undo:
            return goTo(m_history.undo());
        case Action::Redo:
            return goTo(m_history.redo());
        case Action::CopyCommand:
            return copyCommand();
        default:
            return;
    }
}

void Explorer::feed(const InputEvent& event) {
    if (std::holds_alternative<WheelTurned>(event)) m_sinceWheel = 0;
    m_ui.feed(event);
    m_framesWanted = framesToSettle;
}

void Explorer::feed(InputQueue& queue) {
    if (m_ui.controls().isFocusWanted() || m_shell.dialogs().isFocusWanted()) return;
    for (const InputEvent& event : queue.next()) feed(event);
}

bool Explorer::isHeld() const {
    return m_ui.isHeld() || m_sinceWheel < wheelSeconds;
}

bool Explorer::needsFrame() const {
    return m_framesWanted > 0 || isBusy() || m_ui.isAnimating() || m_ui.controls().isFocusWanted() ||
           m_shell.notices().changesIn() == 0;
}

double Explorer::nextFrameSeconds() const {
    if (needsFrame()) return 0;
    double next = std::numeric_limits<double>::infinity();
    if (const auto tip = m_ui.controls().tipWaits()) next = std::min(next, *tip);
    if (const auto notice = m_shell.notices().changesIn()) next = std::min(next, *notice);
    return next;
}

void Explorer::layOut(uint32_t width, uint32_t height) {
    m_figures.clear();
    ViewContext view{m_session, m_workspace, m_figures, m_ui};
    std::vector<Action> asked;
    PanelContext context{view, asked, m_history.canUndo(), m_history.canRedo()};
    const bool isBare = !m_session.isTableShown && !m_areBarsKept;
    view.hasControls = !isBare;
    view.notices = &m_shell.notices();
    m_answered = m_shell.show(context, width, height, isBare);
    m_asked.clear();
    for (const Action action : asked) {
        if (!m_shell.perform(context, action)) m_asked.push_back(action);
    }
    if (!asked.empty()) m_framesWanted = framesToSettle;
    if (m_overlay) m_overlay();
}

engine::Ticket Explorer::draw(const engine::Image& image, float scale, double seconds,
                              std::chrono::steady_clock::duration budget) {
    const auto end = std::chrono::steady_clock::now() + budget;
    m_sinceWheel += seconds;
    takeFiles(budget);
    if (m_isFresh) forgetSteps();
    m_isFresh = false;
    if (!isHeld()) m_history.record(m_session, false);
    m_workspace.want(m_session);
    m_workspace.run(end - std::chrono::steady_clock::now());
    const Theme& theme = m_session.theme == Appearance::Dark ? darkTheme() : lightTheme();
    if (&theme != &m_ui.theme() || scale != m_ui.scale()) m_ui.setLook(theme, scale);
    m_shell.notices().step(seconds);
    if (m_framesWanted > 0) --m_framesWanted;
    const bool wasTipWaiting = m_ui.controls().tipWaits().has_value();
    m_ui.beginFrame(image.width(), image.height(), seconds);
    layOut(image.width(), image.height());
    const ImDrawData& data = m_ui.endFrame();
    if (wasTipWaiting && !m_ui.controls().tipWaits()) m_framesWanted = framesToSettle;
    m_history.record(m_session, isHeld());
    const engine::Ticket ticket =
        m_renderer.draw(image, data, m_ui.atlas(), m_figures.all(), scale, theme.panel);
    // Not earlier: opening other files frees what the figures of this frame are drawn from.
    for (const Action action : m_asked) perform(action);
    if (const auto answered = std::exchange(m_answered, std::nullopt)) answer(*answered);
    return ticket;
}

}  // namespace app
