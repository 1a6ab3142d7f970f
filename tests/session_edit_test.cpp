#include "app/explorer/session_edit.h"

#include <catch2/catch_test_macros.hpp>

namespace app::tests {

TEST_CASE("Other files take with them what belongs to the old ones' tensors alone", "[session_edit]") {
    Session present;
    present.inputs = {"/old.safetensors"};
    present.raw = "f32:?";
    present.tensor = "w";
    present.reference = "v";
    present.clip = 0.5;
    present.clips.bounds = std::pair(0.1, 1.0);
    present.channels.selected = {3};
    present.values.zoom = ZoomRect{};
    present.view = View::Compare;
    present.theme = Appearance::Light;
    present.bits = {5};
    const Session session = withInputs(present, {"/new.npy", "/model.index.json"});
    CHECK(session.inputs == std::vector<std::string>{"/new.npy", "/model.index.json"});
    CHECK(session.raw.empty());
    CHECK(session.tensor.empty());
    CHECK_FALSE(session.reference);
    CHECK_FALSE(session.clip);
    CHECK_FALSE(session.clips.bounds);
    CHECK(session.channels.selected.empty());
    CHECK_FALSE(session.values.zoom);
    CHECK(session.view == View::Compare);
    CHECK(session.theme == Appearance::Light);
    CHECK(session.bits == std::vector<uint32_t>{5});
}

TEST_CASE("Another tensor takes the clip with it, and leaves the axes where they are", "[session_edit]") {
    Session session;
    session.tensor = "w";
    session.clip = 0.5;
    session.clips.bounds = std::pair(0.1, 1.0);
    selectTensor(session, "w");
    CHECK(session.clip == 0.5);
    selectTensor(session, "v");
    CHECK_FALSE(session.clip);
    CHECK(session.clips.bounds == std::pair(0.1, 1.0));
}

}  // namespace app::tests
