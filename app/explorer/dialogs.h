#pragma once

#include "app/explorer/export_figures.h"
#include "app/explorer/path_dialog.h"

#include <optional>
#include <string>
#include <vector>

namespace app {

enum class Asked { Open, Save, Export };

// What was agreed to in a dialog.
struct DialogAnswer {
    Asked asked = Asked::Open;
    std::string path;
    ExportKind kind = ExportKind::Png;
    float scale = 2;
};

// The dialogs that ask for a path. One is open at a time.
class Dialogs {
public:
    void askOpen();
    void askSave(const std::string& path);
    // name: of the shown tensor and view, which the file's name is made of.
    void askExport(const std::string& name);

    bool isOpen() const;
    // The field of the one that has opened is about to get the keys.
    bool isFocusWanted() const;
    void close();
    // Says in the dialog that is open why the answer does not do.
    void fail(const std::string& problem);
    // What it says; empty where there is nothing, or no dialog.
    std::string problem() const;

    std::optional<DialogAnswer> show(const Theme& theme, float scale, const std::vector<std::string>& recent);

private:
    PathDialog& dialog(Asked asked) { return m_dialogs[static_cast<size_t>(asked)]; }
    void showExportControls();

    PathDialog m_dialogs[3] = {{"Open a file, a folder or a session", "Open"},
                               {"Save the session", "Save"},
                               {"Export the plots", "Export"}};
    ExportKind m_kind = ExportKind::Png;
    int m_pictureScale = 2;
};

}  // namespace app
