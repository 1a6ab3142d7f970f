#pragma once

#include "app/explorer/session.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace app {

// Where the window was, in screen coordinates of the system; x and y may lie on any monitor, or on none any
// more.
struct WindowPlace {
    std::optional<std::pair<int, int>> position;  // none: where the system puts it
    int width = 1280, height = 800;               // 100 to 32768; of the window that is not maximized
    bool isMaximized = false;

    bool operator==(const WindowPlace&) const = default;
};

// What the explorer remembers from one run to the next.
struct Settings {
    static constexpr size_t mostRecentFiles = 20;

    WindowPlace window;
    Appearance theme = Appearance::Dark;
    std::optional<Session> session;        // the last one
    std::vector<std::string> recentFiles;  // absolute paths, the latest first

    bool operator==(const Settings&) const = default;
};

// Puts a file on top of the recent ones, once.
void remember(Settings& settings, const std::string& file);

// $XDG_STATE_HOME/clipscope/explorer.json, else ~/.local/state/clipscope/explorer.json; empty where the
// environment names neither (a relative XDG_STATE_HOME does not count, as its specification says).
std::filesystem::path settingsPath();

struct LoadedSettings {
    Settings settings;
    std::string
        note;  // what is wrong with the file, on one line; empty where nothing is, or no file is there
};

// Never throws for what is on the disk: what cannot be read has its defaults. A session in it that cannot be
// used costs only itself. An empty path: defaults.
LoadedSettings loadSettings(const std::filesystem::path& path);

// Whole or not at all, with the folders that are missing. False where it cannot be written; an empty path
// too. Of two programs that save at once the later wins.
bool saveSettings(const Settings& settings, const std::filesystem::path& path);

}  // namespace app
