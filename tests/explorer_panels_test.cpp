#include "app/explorer/session_json.h"
#include "app/explorer/shortcuts.h"
#include "app/plot/png_file.h"
#include "app/plot/value_text.h"
#include "quant/input_error.h"
#include "tests/device_fixture.h"
#include "tests/explorer_script.h"
#include "tests/panels_fixture.h"
#include "tests/picture_difference.h"
#include "tests/run_clipscope.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <glm/common.hpp>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <format>
#include <string>
#include <vector>

namespace tests {

using app::Action;
using app::ControlList;
using app::Rect;
using quant::tests::TempFolder;

namespace {

// The names of two controls that hide each other; empty where none do.
std::string overlap(const ControlList& controls, std::string_view start) {
    std::vector<ControlList::Control> some;
    for (const auto& control : controls.all()) {
        if (control.name.starts_with(start)) some.push_back(control);
    }
    for (size_t i = 0; i < some.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            if (app::doOverlap(some[i].rect, some[j].rect)) return some[i].name + " and " + some[j].name;
        }
    }
    return "";
}

bool isSwiftShader() {
    const char* driver = std::getenv("CLIPSCOPE_TEST_DRIVER");
    return driver != nullptr && std::string_view(driver) == "swiftshader";
}

}  // namespace

TEST_CASE("Typing a filter leaves the rows that match", "[explorer][panels][device]") {
    Panels panels;
    REQUIRE(panels.rowsShown().size() > 20);
    panels.press("Ctrl+F");
    panels.type("bias");
    REQUIRE(!panels.rowsShown().empty());
    for (const std::string& row : panels.rowsShown()) CHECK(row.contains("bias"));
    panels.press("Escape");
    CHECK(panels.session().table.filter.empty());
    CHECK(panels.rowsShown().size() > 20);
}

TEST_CASE("Enter in the filter selects the first row where the selected one is filtered away",
          "[explorer][panels][device]") {
    Panels panels;
    panels.press("/");
    panels.press("Ctrl+F");
    panels.type("classifier.1.bias");
    panels.press("Enter");
    CHECK(panels.session().tensor == "classifier.1.bias");
}

TEST_CASE("A click on the header SQNR sorts by it, the next one the other way round",
          "[explorer][panels][device]") {
    Panels panels;
    const auto isSorted = [&](auto order) {
        const auto& rows = panels.explorer().workspace().rows();
        const auto value = [&](const std::string& name) { return *rows.rows()[*rows.find(name)].sqnrDb; };
        const auto shown = panels.rowsShown();
        return shown.size() > 20 && std::ranges::is_sorted(shown, order, value);
    };
    panels.click("table/header/SQNR");
    CHECK(isSorted(std::less()));
    panels.click("table/header/SQNR");
    CHECK(isSorted(std::greater()));
}

TEST_CASE("Of 100,000 rows those in sight are laid out", "[explorer][panels][device]") {
    const TempFolder folder;
    std::vector<std::string> names;
    for (int i = 0; i < 100000; ++i) names.push_back(std::format("layer.{}.weight", i));
    Panels panels;
    panels.explorer().open({folder.write("large.safetensors", safetensors(names, 1))});
    panels.frames(3);
    CHECK(panels.rowsShown().size() > 20);
    CHECK(panels.rowsShown().size() < 60);
    panels.press("End");
    panels.frames(2);
    CHECK(panels.isInSight("table/row/layer.99999.weight"));
}

TEST_CASE("Worst first puts the lowest SQNR on top", "[explorer][panels][device]") {
    Panels panels;
    panels.press("W");
    double least = 1e9;
    std::string worst;
    for (const app::TensorRow& row : panels.explorer().workspace().rows().rows()) {
        if (row.sqnrDb && *row.sqnrDb < least) {
            least = *row.sqnrDb;
            worst = row.name;
        }
    }
    CHECK(panels.rowsShown().front() == worst);
}

TEST_CASE("A click on a row shows that tensor's curves at its own optimum", "[explorer][panels][device]") {
    Panels panels;
    panels.press("Right");
    REQUIRE(panels.session().clip.has_value());
    panels.click("table/row/features.4.weight");
    panels.settle();
    CHECK(panels.session().tensor == "features.4.weight");
    CHECK(!panels.session().clip);
    CHECK(panels.explorer().workspace().curves().question().place.info().name == "features.4.weight");
}

TEST_CASE("Down and End move the selection and keep it in sight", "[explorer][panels][device]") {
    Panels panels({1280, 400, 1});
    panels.press("Home");
    CHECK(panels.session().tensor == "features.0.weight");
    panels.press("Down");
    CHECK(panels.session().tensor == "features.1.weight");
    panels.press("End");
    panels.frames(3);
    const std::string last = panels.explorer().workspace().rows().rows().back().name;
    CHECK(panels.session().tensor == last);
    CHECK(panels.isInSight("table/row/" + last));
}

TEST_CASE("A right click on a row overlays its curves", "[explorer][panels][device]") {
    Panels panels;
    panels.click("table/row/features.4.weight", 1);
    panels.click("table/menu/reference");
    CHECK(panels.session().reference == "features.4.weight");
    panels.click("table/row/features.4.weight", 1);
    panels.click("table/menu/reference");
    CHECK(!panels.session().reference);
}

TEST_CASE("The clip follows the pointer that drags its line, to a pixel", "[explorer][panels][device]") {
    Panels panels;
    const glm::vec2 from = panels.clipPlace(), to = from - glm::vec2(137, 20);
    panels.dragFromTo(from, to, 9);
    REQUIRE(panels.session().clip.has_value());
    CHECK(*panels.session().clip >= panels.valueAt(to.x - 1));
    CHECK(*panels.session().clip <= panels.valueAt(to.x + 1));
}

TEST_CASE("An arrow key moves the clip by one pixel, with Shift by ten", "[explorer][panels][device]") {
    Panels panels;
    const float before = panels.clipPlace().x;
    panels.press("Right");
    panels.settle();
    CHECK_THAT(panels.clipPlace().x, Catch::Matchers::WithinAbs(before + 1, 0.1));
    panels.press("Shift+Left");
    panels.settle();
    CHECK_THAT(panels.clipPlace().x, Catch::Matchers::WithinAbs(before - 9, 0.1));
}

TEST_CASE("A typed number becomes the clip, other text does not", "[explorer][panels][device]") {
    Panels panels;
    panels.press("C");
    panels.press("Ctrl+A");
    panels.type("0.125");
    panels.press("Enter");
    CHECK(panels.session().clip == 0.125);
    panels.press("C");
    panels.press("Ctrl+A");
    panels.type("wide");
    panels.press("Enter");
    CHECK(panels.session().clip == 0.125);
    CHECK(panels.lastNotice().contains("wide"));
}

TEST_CASE("A double click snaps to octav's exact clip", "[explorer][panels][device]") {
    Panels panels;
    panels.press("Shift+Left");
    REQUIRE(panels.session().clip.has_value());
    panels.doubleClickAt(panels.plotMiddle() - glm::vec2(200, 0));
    panels.settle();
    CHECK(!panels.session().clip);
    CHECK(panels.clip() == panels.explorer().workspace().methods().find("octav")->clip[0]);
}

TEST_CASE("Undo takes a drag of the clip back in one step, redo repeats it", "[explorer][panels][device]") {
    Panels panels;
    const app::Session before = panels.session();
    panels.dragFromTo(panels.clipPlace(), panels.clipPlace() + glm::vec2(60, 0), 6);
    const app::Session after = panels.session();
    REQUIRE(after.clip.has_value());
    panels.press("Ctrl+Z");
    CHECK(panels.session() == before);
    panels.press("Ctrl+Shift+Z");
    CHECK(panels.session() == after);
}

TEST_CASE("Two gestures of the wheel half a second apart are two steps", "[explorer][panels][device]") {
    Panels panels;
    panels.moveTo(panels.plotMiddle());
    panels.wheel(1);
    const auto first = panels.session().clips;
    panels.frames(40);
    panels.wheel(1);
    panels.frames(40);
    REQUIRE(panels.session().clips != first);
    panels.press("Ctrl+Z");
    CHECK(panels.session().clips == first);
}

TEST_CASE("The wheel keeps the value under the pointer", "[explorer][panels][device]") {
    Panels panels;
    const glm::vec2 place = glm::floor(panels.plotMiddle() + glm::vec2(90, 0));
    const Rect plot = panels.figure().layout.plot;
    const double unit = double{place.x - plot.left} / double{plot.width()};
    panels.moveTo(place);
    const double before = panels.figure().figure.x.valueAt(unit);
    panels.wheel(3);
    REQUIRE(panels.session().clips.bounds.has_value());
    // By the axis: labels at its ends may widen or narrow the plot by a pixel or two.
    CHECK_THAT(panels.figure().figure.x.valueAt(unit) / before, Catch::Matchers::WithinAbs(1, 1e-6));
}

TEST_CASE("Bounds stay when another tensor is selected, and go when the axes are fitted",
          "[explorer][panels][device]") {
    Panels panels;
    panels.moveTo(panels.plotMiddle());
    panels.wheel(2);
    const auto bounds = panels.session().clips.bounds;
    REQUIRE(bounds.has_value());
    panels.press("Down");
    panels.settle();
    CHECK(panels.session().clips.bounds == bounds);
    CHECK(panels.figure().figure.x.low == bounds->first);
    panels.press("F");
    CHECK(!panels.session().clips.bounds);
}

TEST_CASE("Views, curves and bits follow keys and clicks", "[explorer][panels][device]") {
    Panels panels;
    panels.press("2");
    CHECK(panels.session().view == app::View::Channels);
    panels.click("bar/clip");
    CHECK(panels.session().view == app::View::Clip);
    panels.click("bar/bits/5");
    CHECK(std::ranges::contains(panels.session().bits, 5u));
    panels.press("+");
    CHECK(panels.session().chosenBits == 5);
    panels.click("bar/format");
    panels.click("bar/format/integers");
    panels.click("bar/shown");
    panels.click("bar/shown/legend");
    CHECK(!panels.session().shown.legend);
    panels.press("Escape");
    panels.click("bar/axes");
    panels.click("bar/axes/clip/linear");
    CHECK(panels.session().clips.scale == app::AxisScale::Linear);
}

TEST_CASE("Exports of the view can be read back", "[explorer][panels][device]") {
    Panels panels;
    const TempFolder folder;
    for (const std::string kind : {"png", "svg", "csv"}) {
        panels.press("Ctrl+E");
        panels.press("Ctrl+A");
        panels.type((folder / ("view." + kind)).string());
        panels.click("dialog/ok");
        CHECK(panels.lastNotice().starts_with("Exported"));
    }
    CHECK(folder.entries() == 3);
    const app::Rect view = panels.explorer().shell().viewRect();
    const app::Picture picture = app::readPng(folder / "view.png");
    CHECK(picture.width == static_cast<uint32_t>(std::round(view.width() * 2)));
    const std::string svg = folder.read("view.svg");
    CHECK(svg.contains("<svg"));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(folder.read("view.csv").contains("int4"));
}

TEST_CASE("An export that cannot be written says so and leaves nothing", "[explorer][panels][device]") {
    Panels panels;
    const TempFolder folder;
    panels.press("Ctrl+E");
    panels.press("Ctrl+A");
    panels.type((folder / "missing" / "view.svg").string());
    panels.press("Enter");
    CHECK(panels.explorer().shell().dialogs().isOpen());
    CHECK(folder.entries() == 0);
    panels.press("Escape");
    CHECK(!panels.explorer().shell().dialogs().isOpen());
}

TEST_CASE("Open completes a path with Tab and opens it with Enter", "[explorer][panels][device]") {
    Panels panels;
    const TempFolder folder;
    std::filesystem::copy_file(sourceFile("assets/fashion_cnn_activations.safetensors"),
                               folder / "other.safetensors");
    const app::Session before = panels.session();
    panels.press("Ctrl+O");
    panels.type((folder / "oth").string());
    panels.press("Tab");
    panels.press("Enter");
    panels.settle();
    REQUIRE(panels.session().inputs.size() == 1);
    CHECK(panels.session().inputs.front() == (folder / "other.safetensors").string());
    CHECK(!panels.explorer().shell().dialogs().isOpen());
    CHECK(panels.explorer().past().recentFiles.front() == (folder / "other.safetensors").string());
    panels.press("Ctrl+Z");
    CHECK(panels.session() == before);
}

TEST_CASE("What is typed right after the key that opens a dialog or the filter is not lost",
          "[explorer][panels][device]") {
    Panels panels;
    const auto feed = [&](const app::InputEvents& events) {
        app::InputQueue queue;
        queue.add(events);
        while (!queue.isEmpty()) {
            panels.explorer().feed(queue);
            panels.frames(1);
        }
        panels.frames(2);
    };
    const auto keys = [](int key) {
        return app::InputEvents{app::KeyPressed{key, true}, app::KeyPressed{key, false}};
    };
    app::InputEvents slash = keys(ImGuiKey_Slash);
    slash.insert(slash.begin() + 1, app::TextTyped{"/"});
    for (const char* letter : {"b", "i", "a", "s"}) slash.emplace_back(app::TextTyped{letter});
    feed(slash);
    CHECK(panels.session().table.filter == "bias");
    feed(keys(ImGuiKey_Escape));
    app::InputEvents open{app::KeyPressed{ImGuiKey_LeftCtrl, true}};
    std::ranges::copy(keys(ImGuiKey_O), std::back_inserter(open));
    open.emplace_back(app::KeyPressed{ImGuiKey_LeftCtrl, false});
    for (const char* letter : {"n", "o", "n", "e"}) open.emplace_back(app::TextTyped{letter});
    std::ranges::copy(keys(ImGuiKey_Enter), std::back_inserter(open));
    feed(open);
    // The dialog says that there is no such file, and is open still.
    CHECK(panels.explorer().shell().dialogs().isOpen());
    CHECK(panels.explorer().shell().dialogs().problem().contains("none"));
}

TEST_CASE("A broken file becomes a notice and the open one stays", "[explorer][panels][device]") {
    Panels panels;
    const TempFolder folder;
    const std::string broken = folder.write("broken.safetensors", "nothing of the kind");
    const app::Session before = panels.session();
    panels.explorer().open({broken});
    panels.frames(3);
    CHECK(panels.session() == before);
    CHECK(panels.lastNotice().contains("broken.safetensors"));
    CHECK(panels.rowsShown().size() > 20);
}

TEST_CASE("A session that was saved opens again, and what it lacks is said", "[explorer][panels][device]") {
    Panels panels;
    const TempFolder folder;
    panels.press("Shift+Left");
    panels.press("Ctrl+S");
    panels.press("Ctrl+A");
    panels.type((folder / "kept.json").string());
    panels.press("Enter");
    REQUIRE(!panels.explorer().shell().dialogs().isOpen());
    const app::Session saved = panels.session();
    panels.press("End");
    panels.press("L");
    panels.explorer().open({(folder / "kept.json").string()});
    panels.frames(1);
    CHECK(panels.session() == saved);

    std::string text = folder.read("kept.json");
    const auto at = text.find("features.14.weight");
    REQUIRE(at != std::string::npos);
    text.replace(at, 18, "features.99.weight");
    const std::string other = folder.write("other.json", text);
    panels.explorer().open({other});
    panels.frames(1);
    CHECK(panels.session().tensor == "features.0.weight");
    CHECK(panels.lastNotice().contains("features.99.weight"));
}

TEST_CASE("A session with a file that is gone opens the others", "[explorer][panels][device]") {
    Panels panels;
    const app::Session before = panels.session();
    app::Session session = before;
    session.inputs.push_back("/nowhere/gone.safetensors");
    session.reference = "of the file that is gone";
    const auto missing = panels.explorer().showWhatIsThere(session);
    REQUIRE(missing.size() == 2);
    CHECK(missing[0].contains("gone.safetensors"));
    CHECK(missing[1].contains("of the file that is gone"));
    CHECK(!panels.session().reference);
    CHECK(panels.session().inputs == before.inputs);
    CHECK(panels.session().tensor == "features.14.weight");
    session.inputs = {"/nowhere/gone.safetensors"};
    CHECK_THROWS_AS(panels.explorer().showWhatIsThere(session), quant::InputError);
    CHECK(panels.session().inputs == before.inputs);
}

TEST_CASE("The help lists every shortcut and gesture", "[explorer][panels][device]") {
    Panels panels({1280, 900, 1});
    panels.press("H");
    for (const app::Shortcut& shortcut : app::shortcuts())
        CHECK(panels.isInSight("help/" + std::string(shortcut.text)));
    for (const app::Gesture& gesture : app::gestures())
        CHECK(panels.isInSight("help/" + std::string(gesture.text)));
    panels.press("H");
    CHECK(!panels.isInSight("help/Undo"));
}

TEST_CASE("No chord stands for two actions", "[explorer][panels]") {
    std::vector<int> chords;
    for (const app::Shortcut& shortcut : app::shortcuts()) {
        for (const int chord : shortcut.chords) {
            if (chord != 0) chords.push_back(chord);
        }
    }
    std::ranges::sort(chords);
    CHECK(std::ranges::adjacent_find(chords) == chords.end());
}

TEST_CASE("Every action has a shortcut of its own", "[explorer][panels]") {
    for (int action = 0; action <= static_cast<int>(Action::ToggleHelp); ++action) {
        const app::Shortcut& shortcut = app::shortcutOf(static_cast<Action>(action));
        CHECK(shortcut.chords[0] != 0);
        CHECK(std::ranges::count(app::shortcuts(), shortcut.action, &app::Shortcut::action) == 1);
    }
}

TEST_CASE("Controls of the bar neither overlap nor leave the picture", "[explorer][panels][device]") {
    for (const uint32_t width : {640u, 700u, 800u, 960u, 1024u, 1280u, 1600u, 1920u, 2560u}) {
        Panels panels({width, 400, 1});
        const ControlList& controls = panels.explorer().ui().controls();
        INFO("width " << width);
        CHECK(overlap(controls, "bar/") == "");
        CHECK(overlap(controls, "clip/") == "");
        for (const auto& control : controls.all()) {
            if (!control.name.starts_with("bar/")) continue;
            INFO(control.name);
            CHECK(control.rect.left >= 0);
            CHECK(control.rect.right <= static_cast<float>(width));
        }
        CHECK(panels.figure().layout.plot.height() > 40);
    }
}

TEST_CASE("At rest no frame is wanted, but one for a tooltip after half a second",
          "[explorer][panels][device]") {
    Panels panels;
    CHECK(!panels.explorer().needsFrame());
    CHECK(panels.explorer().nextFrameSeconds() > 1e9);
    panels.moveTo(panels.placeOf("bar/open"));
    panels.frames(4);
    CHECK(!panels.explorer().needsFrame());
    CHECK(panels.explorer().nextFrameSeconds() > 0.3);
    CHECK(panels.explorer().nextFrameSeconds() <= 0.5);
    panels.frames(40);
    CHECK(!panels.explorer().needsFrame());
    CHECK(panels.explorer().nextFrameSeconds() > 1e9);
}

TEST_CASE("A text field with the keys wants no frames", "[explorer][panels][device]") {
    Panels panels;
    panels.press("Ctrl+F");
    panels.type("conv");
    panels.settle();
    panels.frames(4);
    CHECK(!panels.explorer().needsFrame());
}

TEST_CASE("A notice wants frames until it has faded, and stays in the list", "[explorer][panels][device]") {
    Panels panels;
    panels.explorer().notify(app::NoticeKind::Note, "said");
    panels.frames(4);
    CHECK(!panels.explorer().needsFrame());
    CHECK(panels.explorer().nextFrameSeconds() < 4);
    panels.frames(60 * 4 - 10);
    CHECK(panels.explorer().needsFrame());
    panels.frames(30);
    CHECK(!panels.explorer().needsFrame());
    CHECK(panels.lastNotice() == "said");
}

TEST_CASE("A session that hides the table shows its view alone, unless bars are kept",
          "[explorer][panels][device]") {
    Panels panels;
    panels.press("T");
    CHECK(!panels.isInSight("bar/open"));
    CHECK(!panels.isInSight("table/filter"));
    panels.explorer().keepBars(true);
    panels.frames(2);
    CHECK(panels.isInSight("bar/open"));
    CHECK(!panels.isInSight("table/filter"));
}

TEST_CASE("Ctrl+C copies the clip, Ctrl+Shift+C the command", "[explorer][panels][device]") {
    Panels panels;
    panels.press("Ctrl+C");
    CHECK(std::string(ImGui::GetClipboardText()).starts_with("int4 clip "));
    panels.press("Ctrl+Shift+C");
    CHECK(std::string(ImGui::GetClipboardText()).starts_with("clipscope sweep "));
}

TEST_CASE("render draws what there is of a session and warns of the rest",
          "[explorer][panels][cli][device]") {
    const TempFolder folder;
    app::Session session = sample();
    session.inputs.push_back((folder / "gone.safetensors").string());
    app::writeSession(session, folder / "session.json");
    const auto run = app::tests::runClipscope(
        {"render", "--session", (folder / "session.json").string(), "-o", (folder / "view.png").string()});
    CHECK(run.exitCode == 0);
    CHECK(run.err.contains("warning: "));
    CHECK(run.err.contains("gone.safetensors"));
    CHECK(app::readPng(folder / "view.png").width == 1280);
}

TEST_CASE("The whole window looks as it did", "[explorer][panels][device][pictures]") {
    if (isSwiftShader()) return;  // the pictures are lavapipe's
    for (const auto theme : {app::Appearance::Dark, app::Appearance::Light}) {
        const std::string word = theme == app::Appearance::Dark ? "dark" : "light";
        for (const app::PictureSize& size : {app::PictureSize{1280, 720, 1}, app::PictureSize{640, 400, 1}}) {
            ExplorerScript script(device(), size);
            app::Session session = sample();
            session.inputs = {sourceFile("assets/fashion_cnn.safetensors")};
            session.theme = theme;
            script.show(session);
            checkPicture("window-" + word + "-" + std::to_string(size.width), script.picture());
        }
    }
}

TEST_CASE("Dialogs and help look as they did", "[explorer][panels][device][pictures]") {
    if (isSwiftShader()) return;
    Panels panels({1280, 720, 1});
    panels.show(sample());
    panels.press("H");
    checkPicture("window-help", panels.picture());
    panels.press("H");
    panels.press("Ctrl+E");
    checkPicture("window-export", panels.picture());
    panels.press("Escape");
    panels.explorer().notify(app::NoticeKind::Error, "broken.safetensors: is too short");
    panels.explorer().notify(app::NoticeKind::Done, "Saved session.json");
    panels.moveTo(panels.plotMiddle());
    checkPicture("window-crosshair", panels.picture());
}

}  // namespace tests
