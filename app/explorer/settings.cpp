#include "app/explorer/settings.h"

#include "app/explorer/session_json.h"
#include "app/explorer/view_name.h"
#include "quant/input_error.h"
#include "quant/output_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <system_error>

namespace app {

namespace {

namespace fs = std::filesystem;

constexpr int version = 1;
constexpr double leastExtent = 100, mostExtent = 32768, furthest = 1e6;

// One more than those of a session that is a file of its own.
constexpr int levels = 7;

int coordinate(const JsonField& field, double low, double high) {
    return static_cast<int>(std::lround(field.number(low, high)));
}

Json windowJson(const WindowPlace& window) {
    Json json = {{"width", window.width}, {"height", window.height}, {"maximized", window.isMaximized}};
    if (const auto& position = window.position)
        json["position"] = Json::array({position->first, position->second});
    return json;
}

std::pair<int, int> positionFrom(const JsonField& field) {
    const auto ends = field.elements(2);
    if (ends.size() != 2) field.fail("two numbers are needed");
    return {coordinate(ends[0], -furthest, furthest), coordinate(ends[1], -furthest, furthest)};
}

void takeWindow(const JsonField& object, WindowPlace& window) {
    const auto extent = [](const JsonField& field) { return coordinate(field, leastExtent, mostExtent); };
    take(object, "position", window.position, positionFrom);
    take(object, "width", window.width, extent);
    take(object, "height", window.height, extent);
    take(object, "maximized", window.isMaximized, [](const JsonField& field) { return field.flag(); });
}

void takeAll(const JsonField& object, LoadedSettings& loaded) {
    const auto stated = object.field("clipscope_explorer");
    if (!stated) object.fail("is no file of settings: it lacks 'clipscope_explorer'");
    stated->whole(1, version);
    Settings settings;
    if (const auto window = object.field("window")) takeWindow(*window, settings.window);
    take(object, "theme", settings.theme,
         [](const JsonField& field) { return field.parsed(appearanceFrom); });
    takeList(object, "recent", settings.recentFiles, Settings::mostRecentFiles,
             [](const JsonField& field) { return field.path(""); });
    loaded.settings = settings;
    take(object, "session", loaded.settings.session,
         [](const JsonField& field) { return sessionFrom(field, ""); });
}

Json settingsJson(const Settings& settings) {
    Json recent = Json::array();
    for (const std::string& file : settings.recentFiles) recent.push_back(pathJson(file, ""));
    Json json = {{"clipscope_explorer", version},
                 {"window", windowJson(settings.window)},
                 {"theme", name(settings.theme)},
                 {"recent", recent}};
    if (settings.session) json["session"] = sessionJson(*settings.session, "");
    return json;
}

}  // namespace

void remember(Settings& settings, const std::string& file) {
    std::error_code error;
    const fs::path whole = fs::absolute(file, error);
    const std::string path = error ? file : whole.lexically_normal().string();
    std::erase(settings.recentFiles, path);
    settings.recentFiles.insert(settings.recentFiles.begin(), path);
    if (settings.recentFiles.size() > Settings::mostRecentFiles)
        settings.recentFiles.resize(Settings::mostRecentFiles);
}

fs::path settingsPath() {
    const auto folderOf = [](const char* variable) -> fs::path {
        const char* text = std::getenv(variable);
        return text != nullptr && text[0] == '/' ? text : "";
    };
    fs::path folder = folderOf("XDG_STATE_HOME");
    if (folder.empty()) {
        folder = folderOf("HOME");
        if (folder.empty()) return {};
        folder /= ".local/state";
    }
    return folder / "clipscope" / "explorer.json";
}

LoadedSettings loadSettings(const fs::path& path) {
    LoadedSettings loaded;
    std::error_code unknown;
    if (path.empty() || fs::symlink_status(path, unknown).type() == fs::file_type::not_found) return loaded;
    try {
        const std::string name = path.string();
        const nlohmann::json document = parseJson(name, readJsonText(path), levels);
        takeAll(JsonField(name, document), loaded);
    } catch (const std::exception& error) {
        loaded.note = error.what();
    }
    return loaded;
}

bool saveSettings(const Settings& settings, const fs::path& path) {
    if (path.empty()) return false;
    try {
        fs::create_directories(path.parent_path());
        quant::OutputFile output(path);
        output.write(settingsJson(settings).dump(2) + "\n");
        output.commit();
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace app
