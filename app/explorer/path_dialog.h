#pragma once

#include "app/explorer/path_completion.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

struct ImGuiInputTextCallbackData;

namespace app {

struct Theme;

// Asks for a path: a field that completes what is typed (Tab), its entries to choose from (arrows, click),
// recent files below, and what is wrong with the last answer.
class PathDialog {
public:
    PathDialog(std::string title, std::string verb) : m_title(std::move(title)), m_verb(std::move(verb)) {}

    // In the next frame. typed: what the field holds at first. options: which files are offered.
    void open(std::string typed, PathCompletionOptions options);
    void close() { m_isOpen = false; }
    bool isOpen() const { return m_isOpen; }
    bool isFocusWanted() const { return m_isOpen && m_isFocusWanted; }
    void fail(std::string problem) { m_problem = std::move(problem); }
    const std::string& problem() const { return m_problem; }

    const std::string& typed() const { return m_typed; }
    // Replaces what is typed.
    void type(std::string typed);
    const PathCompletion& completion() const { return m_completion; }

    // Returns the path that was agreed to, in the frame in which it was; the dialog stays until close().
    // extra: further controls above the buttons.
    std::optional<std::string> show(const Theme& theme, float scale, const std::vector<std::string>& recent,
                                    const std::function<void()>& extra = {});

private:
    static int onEdit(ImGuiInputTextCallbackData* data);
    void complete();
    std::optional<std::string> showInside(const Theme& theme, const std::vector<std::string>& recent,
                                          const std::function<void()>& extra);
    bool showField();
    bool showEntries();
    bool showRecent(const std::vector<std::string>& recent);
    std::optional<std::string> agreed(bool isEntered);

    std::string m_title, m_verb, m_typed, m_completed, m_problem;
    PathCompletionOptions m_options;
    PathCompletion m_completion;
    int m_chosen = -1;  // of the entries
    bool m_isOpen = false, m_isFocusWanted = false;
};

}  // namespace app
