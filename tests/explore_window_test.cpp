// Drives the real window: Xvfb is the display, xdotool the hands.
#include "app/explorer/session_json.h"
#include "app/explorer/settings.h"
#include "tests/cli_checks.h"
#include "tests/virtual_display.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <future>

using namespace app::tests;
using ::tests::VirtualDisplay;
using ::tests::waitUntil;

namespace {

constexpr const char* sampleTitle = "fashion_cnn.safetensors";

// `clipscope explore` on a display of its own, with a memory of its own.
class Explore {
public:
    explicit Explore(const Arguments& arguments, std::map<std::string, std::string> more = {},
                     bool isManaged = false) {
        if (isManaged) m_display.manageWindows();
        more.insert({{"DISPLAY", m_display.name()},
                     {"WAYLAND_DISPLAY", ""},
                     {"XDG_STATE_HOME", m_state.path().string()},
                     {"CLIPSCOPE_SCALE", "1"},
                     {"CLIPSCOPE_VALIDATION", "1"}});
        Arguments words{"explore"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        m_run = std::async(std::launch::async, [words, more] {
            return runClipscope(words, {.environment = more, .timeLimit = std::chrono::seconds(300)});
        });
    }
    ~Explore() {
        // A test that failed half way must not wait for the time limit.
        if (!m_run.valid()) return;
        try {
            close();
        } catch (const std::exception&) {
        }
    }

    std::string waitForWindow(const std::string& title) {
        std::string window;
        const bool isThere = waitUntil([&] {
            window = m_display.windowOf(title);
            return !window.empty() || isOver();
        });
        if (isOver()) FAIL(m_run.get().err);
        REQUIRE(isThere);
        return window;
    }
    bool isOver() const { return m_run.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
    const VirtualDisplay& display() const { return m_display; }

    RunResult close() {
        m_display.xdotool({"key", "ctrl+q"});
        return m_run.get();
    }
    app::Settings remembered() const {
        const auto loaded = app::loadSettings(m_state / "clipscope/explorer.json");
        CHECK(loaded.note.empty());
        return loaded.settings;
    }

private:
    VirtualDisplay m_display;
    TempFolder m_state;
    std::future<RunResult> m_run;
};

void checkEndsWell(const RunResult& result) {
    CAPTURE(result.err);
    CHECK(result.exitCode == 0);
    CHECK_FALSE(result.err.contains("clipscope: "));
}

}  // namespace

TEST_CASE("Keys and the mouse reach the explorer in its window, and what they did is remembered",
          "[cli][window]") {
    Explore explore({sample, "--clip", "0.25", "--tensor", "features.14.weight"});
    const std::string window = explore.waitForWindow(sampleTitle);
    const VirtualDisplay& display = explore.display();
    display.xdotool({"windowsize", "--sync", window, "900", "700"});
    display.xdotool({"mousemove", "--window", window, "450", "300"});
    display.xdotool({"key", "shift+Right", "Right", "Right"});
    checkEndsWell(explore.close());
    const app::Settings settings = explore.remembered();
    CHECK(settings.window.width == 900);
    CHECK(settings.window.height == 700);
    REQUIRE(settings.session);
    CHECK(settings.session->tensor == "features.14.weight");
    REQUIRE(settings.session->clip);
    CHECK(*settings.session->clip > 0.25);
    CHECK(*settings.session->clip < 0.4);
    REQUIRE(settings.recentFiles.size() == 1);
    CHECK(settings.recentFiles[0].ends_with(sampleTitle));
}

TEST_CASE("The clip line follows the mouse", "[cli][window]") {
    Explore explore({sample, "--clip", "0.25", "--tensor", "features.14.weight"});
    const std::string window = explore.waitForWindow(sampleTitle);
    const VirtualDisplay& display = explore.display();
    // Wherever the pointer goes down in the plot, the line comes; but there is no plot before the first
    // elements are read, which nobody outside the window can see. So it is dragged for a while.
    for (int round = 0; round < 12; ++round) {
        display.xdotool({"mousemove", "--window", window,      "700",      "300",   "mousedown", "1",
                         "sleep",     "0.15",     "mousemove", "--window", window,  "900",       "300",
                         "sleep",     "0.15",     "mouseup",   "1",        "sleep", "0.1"});
    }
    checkEndsWell(explore.close());
    const app::Settings settings = explore.remembered();
    REQUIRE(settings.session);
    REQUIRE(settings.session->clip);
    CHECK(*settings.session->clip != 0.25);
}

TEST_CASE("A file is opened, filtered, clipped and the session saved, by hand", "[cli][window]") {
    const TempFolder folder;
    const std::string saved = (folder / "by hand.json").string();
    Explore explore({});
    const std::string window = explore.waitForWindow("Clipscope");
    const VirtualDisplay& display = explore.display();
    display.xdotool({"windowsize", "--sync", window, "1000", "700"});
    display.xdotool({"key", "ctrl+o"});
    display.xdotool({"type", sample});
    display.xdotool({"key", "Return"});
    explore.waitForWindow(sampleTitle);
    display.xdotool({"key", "slash"});
    display.xdotool({"type", "classif weight"});
    display.xdotool({"key", "Return", "Escape"});
    for (int round = 0; round < 12; ++round) {
        display.xdotool({"mousemove", "--window", window,      "700",      "300",   "mousedown", "1",
                         "sleep",     "0.15",     "mousemove", "--window", window,  "800",       "300",
                         "sleep",     "0.15",     "mouseup",   "1",        "sleep", "0.1"});
    }
    display.xdotool({"key", "ctrl+s", "ctrl+a"});
    display.xdotool({"type", saved});
    display.xdotool({"key", "Return"});
    CHECK(waitUntil([&] { return std::filesystem::exists(saved); }));
    checkEndsWell(explore.close());
    const app::Session session = app::readSession(saved);
    CHECK(session.inputs == std::vector<std::string>{sample});
    CHECK(session.tensor == "classifier.1.weight");
    CHECK(session.clip);
}

TEST_CASE("The command of what is shown comes to the clipboard", "[cli][window]") {
    Explore explore({sample, "--tensor", "features.14.weight"});
    explore.waitForWindow(sampleTitle);
    explore.display().xdotool({"key", "ctrl+shift+c"});
    CHECK(waitUntil([&] { return explore.display().clipboard().contains("--tensor features.14.weight"); }));
    CHECK(explore.display().clipboard().starts_with("clipscope sweep "));
    checkEndsWell(explore.close());
}

TEST_CASE("A window that was minimised comes back and goes on", "[cli][window]") {
    Explore explore({sample}, {}, true);
    const std::string window = explore.waitForWindow(sampleTitle);
    const VirtualDisplay& display = explore.display();
    display.xdotool({"windowminimize", "--sync", window});
    CHECK(waitUntil([&] { return display.windowOf(sampleTitle).empty(); }));
    display.xdotool({"windowmap", "--sync", window, "windowactivate", "--sync", window});
    CHECK(waitUntil([&] { return display.windowOf(sampleTitle) == window; }));
    display.xdotool({"key", "4"});
    checkEndsWell(explore.close());
    const app::Settings settings = explore.remembered();
    REQUIRE(settings.session);
    CHECK(settings.session->view == app::View::Values);
}

TEST_CASE("Without a display the explorer says what works without one", "[cli][window]") {
    const RunOptions nowhere{.environment = {{"DISPLAY", ""}, {"WAYLAND_DISPLAY", ""}}};
    const RunResult result = runCommand("explore", {sample}, nowhere);
    checkFails(result, 4, "clipscope render");
    CHECK(result.err.contains("clipscope serve"));
}

TEST_CASE("What the command line names and cannot be opened ends the explorer", "[cli][window]") {
    const VirtualDisplay display;
    const TempFolder folder;
    const RunOptions options{
        .environment = {{"DISPLAY", display.name()}, {"XDG_STATE_HOME", folder.path().string()}}};
    checkFails(runCommand("explore", {folder.write("broken.npy", "broken")}, options), 3, "broken.npy");
    checkFails(runCommand("explore", {"--scale", "9"}, options), 2, "--scale");
}

TEST_CASE("Without files the explorer opens empty", "[cli][window]") {
    Explore explore({});
    explore.waitForWindow("Clipscope");
    checkEndsWell(explore.close());
}
