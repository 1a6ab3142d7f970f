#include "app/explorer/session_history.h"

#include <catch2/catch_test_macros.hpp>

#include <random>

using namespace app;

namespace {

Session withClip(double clip) {
    Session session;
    session.clip = clip;
    return session;
}

Session withTensor(const std::string& name) {
    Session session;
    session.tensor = name;
    return session;
}

}  // namespace

TEST_CASE("A new history has nowhere to go", "[history]") {
    SessionHistory history(withClip(1));
    CHECK_FALSE(history.canUndo());
    CHECK_FALSE(history.canRedo());
    CHECK(history.undo() == withClip(1));
    CHECK(history.redo() == withClip(1));
}

TEST_CASE("Undo and redo go through the views in order", "[history]") {
    SessionHistory history;
    history.record(withTensor("a"), false);
    history.record(withTensor("b"), false);
    CHECK(history.undo() == withTensor("a"));
    CHECK(history.undo() == Session());
    CHECK_FALSE(history.canUndo());
    CHECK(history.redo() == withTensor("a"));
    CHECK(history.redo() == withTensor("b"));
    CHECK_FALSE(history.canRedo());
}

TEST_CASE("A drag is one step", "[history]") {
    SessionHistory history(withClip(1));
    for (double clip = 1; clip < 2; clip += 0.125) history.record(withClip(clip), true);
    history.record(withClip(2), false);
    CHECK(history.undo() == withClip(1));
    CHECK_FALSE(history.canUndo());
    CHECK(history.redo() == withClip(2));
}

TEST_CASE("Two drags are two steps", "[history]") {
    SessionHistory history(withClip(1));
    history.record(withClip(2), true);
    history.record(withClip(2), false);
    history.record(withClip(3), true);
    history.record(withClip(3), false);
    CHECK(history.undo() == withClip(2));
    CHECK(history.undo() == withClip(1));
}

TEST_CASE("A change of another kind within a drag is a step of its own", "[history]") {
    SessionHistory history;
    history.record(withClip(1), true);
    Session both = withClip(1);
    both.tensor = "a";
    history.record(both, true);
    CHECK(history.undo() == withClip(1));
    CHECK(history.undo() == Session());
}

TEST_CASE("A drag that ends where it began is no step", "[history]") {
    SessionHistory history(withClip(1));
    history.record(withClip(2), true);
    history.record(withClip(1), true);
    CHECK(history.canUndo());  // it may yet go elsewhere
    history.record(withClip(1), false);
    CHECK_FALSE(history.canUndo());
}

TEST_CASE("A change after undo forgets what was undone", "[history]") {
    SessionHistory history;
    history.record(withTensor("a"), false);
    history.record(withTensor("b"), false);
    history.undo();
    history.record(withTensor("c"), false);
    CHECK_FALSE(history.canRedo());
    CHECK(history.undo() == withTensor("a"));
}

TEST_CASE("What undo returned is no new step", "[history]") {
    SessionHistory history;
    history.record(withTensor("a"), false);
    history.record(withTensor("b"), true);
    history.record(history.undo(), false);
    CHECK(history.canRedo());
    CHECK(history.redo() == withTensor("b"));
}

TEST_CASE("An amendment belongs to the latest step", "[history]") {
    SessionHistory history;
    Session opened;
    opened.inputs = {"/a.npy"};
    history.record(opened, false);
    opened.tensor = "first";
    history.amend(opened);
    history.record(opened, false);
    CHECK(history.undo() == Session());
    CHECK(history.redo() == opened);
}

TEST_CASE("At most 200 steps are kept, the latest ones", "[history]") {
    SessionHistory history(withClip(1));
    for (int i = 2; i <= 1000; ++i) history.record(withClip(i), false);
    Session session;
    size_t steps = 0;
    for (; history.canUndo(); ++steps) session = history.undo();
    CHECK(steps == SessionHistory::mostSteps);
    CHECK(session == withClip(800));
}

TEST_CASE("The theme is not undone, and no step", "[history]") {
    SessionHistory history;
    Session light = withTensor("a");
    history.record(light, false);
    light.theme = Appearance::Light;
    history.record(light, false);
    Session expected;
    expected.theme = Appearance::Light;
    CHECK(history.undo() == expected);
    CHECK_FALSE(history.canUndo());
    CHECK(history.redo() == light);
}

TEST_CASE("Every change of a session but its theme is a step", "[history]") {
    const Session before;
    std::vector<Session> all(10, before);
    all[0].inputs = {"a"};
    all[1].view = View::Values;
    all[2].reference = "b";
    all[3].shown.legend = false;
    all[4].table.filter = "x";
    all[5].compare.grouping = BarGrouping::Format;
    all[6].values.what = ShownValues::Quantized;
    all[7].counts.scale = AxisScale::Linear;
    all[8].methods.clear();
    all[9].isTableShown = false;
    for (const Session& after : all) CHECK(changeBetween(before, after) != SessionChange::None);
}

TEST_CASE("However it is used, a history redoes what it has undone", "[history]") {
    std::mt19937 random(4);
    SessionHistory history;
    Session present;
    for (int i = 0; i < 2'000; ++i) {
        switch (random() % 4) {
            case 0:
                present.clip = 1 + random() % 4;
                break;
            case 1:
                present.tensor = std::string(1, static_cast<char>('a' + random() % 4));
                break;
            case 2:
                present = history.undo();
                break;
            default:
                present = history.redo();
        }
        history.record(present, random() % 2 == 0);
        SessionHistory copy = history;
        copy.undo();
        REQUIRE(copy.redo() == present);
    }
}
