#include "app/plot/png_file.h"
#include "tests/cli_checks.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>

using namespace app::tests;

namespace {

RunResult render(const TempFolder& folder, Arguments arguments) {
    arguments.insert(arguments.begin(), "render");
    arguments.insert(arguments.end(), {"-o", folder / "out.png"});
    return runClipscope(arguments);
}

}  // namespace

TEST_CASE("render writes a picture of the size asked for, times the scale", "[cli]") {
    const TempFolder folder;
    REQUIRE(render(folder, {sample, "--size", "320x200", "--scale", "1.5"}).exitCode == 0);
    const app::Picture picture = app::readPng(folder / "out.png");
    CHECK(picture.width == 480);
    CHECK(picture.height == 300);
}

TEST_CASE("render refuses what it cannot draw, and writes nothing", "[cli]") {
    const TempFolder folder;
    const std::string empty = folder.write("empty.json", R"({"clipscope_session": 1})");
    const std::string broken =
        folder.write("broken.json", R"({"clipscope_session": 1, "clip": {"bits": 99}})");
    struct Case {
        Arguments arguments;
        int exitCode;
        std::string said;
    };
    const Case cases[] = {{{sample, "--size", "0x10"}, 2, "--size"},
                          {{sample, "--size", "10"}, 2, "--size"},
                          {{sample, "--size", "99999x10"}, 2, "--size"},
                          {{sample, "--size", "30000x30000"}, 2, "--size"},
                          {{sample, "--scale", "9"}, 2, "--scale"},
                          {{sample, "--scale", "nan"}, 2, "--scale"},
                          {{sample, "--frames", "0"}, 2, "--frames"},
                          {{sample, "--clip", "-1"}, 2, "--clip"},
                          {{sample, "--view", "clips"}, 2, "--view"},
                          {{sample, "--theme", "grey"}, 2, "--theme"},
                          {{}, 2, "FILE"},
                          {{sample, "--tensor", "nope"}, 3, "nope"},
                          {{"missing.npy"}, 3, "missing.npy"},
                          {{"--session", empty}, 3, "empty.json"},
                          {{"--session", broken}, 3, "clip.bits"},
                          {{"--session", "missing.json"}, 3, "missing.json"}};
    for (const Case& bad : cases) {
        const RunResult result = render(folder, bad.arguments);
        CAPTURE(result.err);
        CHECK(result.exitCode == bad.exitCode);
        CHECK(result.err.contains(bad.said));
        CHECK(result.err.starts_with("clipscope: error: "));
        CHECK_FALSE(std::filesystem::exists(folder / "out.png"));
    }
    CHECK(runClipscope({"render", sample, "-o", folder / "out.jpg"}).exitCode == 2);
    CHECK(runClipscope({"render", sample, "-o", folder / "no/out.png"}).exitCode == 5);
}

TEST_CASE("render of several frames numbers them", "[cli]") {
    const TempFolder folder;
    REQUIRE(render(folder, {sample, "--size", "160x120", "--frames", "3"}).exitCode == 0);
    for (const char* name : {"out-01.png", "out-02.png", "out-03.png"})
        CHECK(app::readPng(folder / name).width == 160);
    CHECK_FALSE(std::filesystem::exists(folder / "out.png"));
}
