#include "app/session_options.h"

#include "app/explorer/session_json.h"
#include "quant/input_error.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

using namespace app;
using quant::tests::TempFolder;

namespace {

Session presentSession() {
    Session session;
    session.inputs = {"/old.npy"};
    session.raw = "f32:4";
    session.tensor = "w";
    session.reference = "v";
    session.clip = 0.5;
    session.clips.bounds = std::pair(0.1, 1.0);
    session.view = View::Compare;
    session.theme = Appearance::Light;
    session.bits = {5};
    return session;
}

}  // namespace

TEST_CASE("What the command line says stands above the session that it names", "[session_options]") {
    const TempFolder folder;
    writeSession(presentSession(), folder / "saved.json");
    SessionOptions options;
    options.session = folder / "saved.json";
    options.theme = Appearance::Dark;
    options.bits = {2, 3};
    const Session session = sessionOf(options, Session());
    CHECK(session.tensor == "w");
    CHECK(session.theme == Appearance::Dark);
    CHECK(session.bits == std::vector<uint32_t>{2, 3});
    CHECK(session.chosenBits == 2);
    CHECK(options.namesSomething());
    CHECK_FALSE(SessionOptions().namesSomething());
}

TEST_CASE("A scale is 0.5 to 8", "[session_options]") {
    CHECK(scaleFrom("1.5") == 1.5f);
    for (const char* text : {"", "0.4", "8.1", "nan", "2x", "-1"})
        CHECK_THROWS_AS(scaleFrom(text), std::invalid_argument);
}
