#include "app/explorer/settings.h"

#include "app/explorer/session_json.h"
#include "tests/environment.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <random>

using namespace app;
using quant::tests::TempFolder;
using ::tests::EnvironmentVariable;

namespace {

Settings sampleSettings() {
    Settings settings{
        {std::pair(-1920, 40), 1600, 900, true}, Appearance::Light, Session(), {"/a/b.npy", "/\xff.npz"}};
    settings.session->inputs = {"/a/b.npy"};
    settings.session->clips.bounds = std::pair(0.25, 4.0);
    settings.session->compare.sqnr.bounds = std::pair(0.0, 40.0);
    settings.session->shown.legend = false;
    return settings;
}

}  // namespace

TEST_CASE("Settings come back as they were saved", "[settings]") {
    const TempFolder folder;
    REQUIRE(saveSettings(sampleSettings(), folder / "s.json"));
    const LoadedSettings loaded = loadSettings(folder / "s.json");
    CHECK(loaded.note.empty());
    CHECK(loaded.settings == sampleSettings());
}

TEST_CASE("Settings that were never saved are the defaults, without a word", "[settings]") {
    const TempFolder folder;
    for (const auto& path : {folder / "none.json", folder / "none" / "s.json", std::filesystem::path()}) {
        const LoadedSettings loaded = loadSettings(path);
        CHECK(loaded.note.empty());
        CHECK(loaded.settings == Settings());
    }
}

TEST_CASE("Broken settings are the defaults, with a note of one line", "[settings]") {
    const TempFolder folder;
    const std::string deep(80'000, '[');
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[]"), deep, std::string("{}"),
          std::string(R"({"clipscope_explorer":2})"),
          std::string(R"({"clipscope_explorer":1,"window":{"width":99}})"),
          std::string(R"({"clipscope_explorer":1,"window":{"position":[1e99,0]}})"),
          std::string(R"({"clipscope_explorer":1,"theme":"blue"})"), std::string(2 << 20, ' ')}) {
        const LoadedSettings loaded = loadSettings(folder.write("s.json", text));
        CAPTURE(text.substr(0, 100));
        CHECK(loaded.note.contains("s.json"));
        CHECK_FALSE(loaded.note.contains('\n'));
        CHECK(loaded.settings == Settings());
    }
    CHECK_FALSE(loadSettings(folder.path()).note.empty());
}

TEST_CASE("A broken session costs only itself", "[settings]") {
    const TempFolder folder;
    const auto loaded = loadSettings(folder.write(
        "s.json",
        R"({"clipscope_explorer":1,"theme":"light","session":{"clipscope_session":1,"view":"x"}})"));
    CHECK(loaded.settings.theme == Appearance::Light);
    CHECK_FALSE(loaded.settings.session);
    CHECK(loaded.note.contains("session.view"));
}

TEST_CASE("Loading never throws, whatever became of the file", "[settings]") {
    const TempFolder folder;
    REQUIRE(saveSettings(sampleSettings(), folder / "s.json"));
    const std::string text = folder.read("s.json");
    std::mt19937 random(8);
    int noted = 0;
    for (int i = 0; i < 2000; ++i) {
        std::string broken = text.substr(0, random() % 8 ? text.size() : random() % text.size());
        if (!broken.empty()) broken[random() % broken.size()] = static_cast<char>(random());
        noted += !loadSettings(folder.write("s.json", broken)).note.empty();
    }
    CHECK(noted > 1000);
}

TEST_CASE("Saving makes the folders, leaves no other file, and never throws", "[settings]") {
    const TempFolder folder;
    CHECK(saveSettings(Settings(), folder / "state" / "clipscope" / "explorer.json"));
    CHECK(saveSettings(sampleSettings(), folder / "state" / "clipscope" / "explorer.json"));
    CHECK(std::distance(std::filesystem::directory_iterator(folder / "state" / "clipscope"), {}) == 1);
    folder.write("file", "x");
    CHECK_FALSE(saveSettings(Settings(), folder / "file" / "explorer.json"));
    CHECK_FALSE(saveSettings(Settings(), folder.path()));
    CHECK_FALSE(saveSettings(Settings(), ""));
}

TEST_CASE("A file is remembered once, the latest first, and not more than twenty", "[settings]") {
    Settings settings;
    for (int i = 0; i < 30; ++i) remember(settings, "/m/" + std::to_string(i));
    remember(settings, "/m/x/../25");
    REQUIRE(settings.recentFiles.size() == Settings::mostRecentFiles);
    CHECK(settings.recentFiles[0] == "/m/25");
    CHECK(settings.recentFiles[1] == "/m/29");
    CHECK(std::ranges::count(settings.recentFiles, "/m/25") == 1);
    remember(settings, "here.npy");
    CHECK(settings.recentFiles[0] == std::filesystem::absolute("here.npy"));
}

TEST_CASE("Settings lie where XDG's specification puts a program's state", "[settings]") {
    const EnvironmentVariable home("HOME", "/home/me");
    {
        const EnvironmentVariable state("XDG_STATE_HOME", "/state");
        CHECK(settingsPath() == "/state/clipscope/explorer.json");
    }
    for (const char* ignored : {"", "relative"}) {
        const EnvironmentVariable state("XDG_STATE_HOME", ignored);
        CHECK(settingsPath() == "/home/me/.local/state/clipscope/explorer.json");
    }
    const EnvironmentVariable state("XDG_STATE_HOME", "");
    const EnvironmentVariable nowhere("HOME", "");
    CHECK(settingsPath().empty());
}
