#include "app/explorer/shader_watch.h"

#include "app/explorer/offscreen.h"
#include "tests/device_fixture.h"
#include "tests/environment.h"
#include "tests/source_folder.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>

namespace tests {

using app::ShaderWatch;

namespace {

constexpr const char* drawnBox = "draw/box.frag";

// A copy of the shaders in the place of the embedded ones, and an explorer that is drawn with them. On a
// device of its own, whose shaders no other test has.
class LiveExplorer {
public:
    LiveExplorer()
        : m_variable("CLIPSCOPE_SHADERS", (m_folder / "shaders").string()),
          m_instance(isValidating(), onMessage),
          m_device(m_instance, engine::chooseDevice(m_instance.devices(), "")),
          m_explorer(m_device, uint64_t{256} << 20, quant::CountingPath::Auto) {
        std::filesystem::copy(sourceFile("shaders"), m_folder / "shaders",
                              std::filesystem::copy_options::recursive);
        m_watch = ShaderWatch::fromEnvironment();
        app::Session session;
        session.inputs = {sourceFile("assets/fashion_cnn.safetensors")};
        m_explorer.show(session);
        m_offscreen.emplace(m_device, m_explorer, app::PictureSize{320, 240, 1});
    }

    app::Picture picture() { return m_offscreen->finished(); }
    std::string source(const std::string& path) const { return m_folder.read("shaders/" + path); }
    // Times of files may be as coarse as the clock's tick; sizes differ, too.
    void save(const std::string& path, const std::string& text) { m_folder.write("shaders/" + path, text); }
    bool update() {
        return m_watch.update(m_device, [&] { ++m_stops; });
    }
    const std::vector<std::string>& problems() const { return m_watch.problems(); }
    int stops() const { return m_stops; }

private:
    quant::tests::TempFolder m_folder;
    EnvironmentVariable m_variable;
    engine::Instance m_instance;
    engine::Device m_device;
    app::Explorer m_explorer;
    ShaderWatch m_watch{""};
    std::optional<app::Offscreen> m_offscreen;
    int m_stops = 0;
};

}  // namespace

TEST_CASE("Saving a shader changes the next picture; a broken one is reported and the old one stays",
          "[device][shader_watch]") {
    LiveExplorer live;
    const app::Picture before = live.picture();
    CHECK_FALSE(live.update());

    const std::string good = live.source("draw/ui.frag");
    const size_t end = good.rfind('}');
    REQUIRE(end != std::string::npos);
    live.save("draw/ui.frag", good.substr(0, end) + "    colour = vec4(1, 0, 1, 1);\n}\n");
    REQUIRE(live.update());
    CHECK(live.problems().empty());
    const app::Picture changed = live.picture();
    CHECK(changed.pixels != before.pixels);
    CHECK_FALSE(live.update());

    live.save("draw/ui.frag", good + "what is this\n");
    REQUIRE(live.update());
    REQUIRE(live.problems().size() == 1);
    CHECK(live.problems()[0].contains("ui.frag"));
    CHECK(live.picture().pixels == changed.pixels);
    // Another change does not make the problem forgotten.
    live.save(drawnBox, live.source(drawnBox) + "\n");
    REQUIRE(live.update());
    CHECK(live.problems().size() == 1);

    live.save("draw/ui.frag", good);
    REQUIRE(live.update());
    CHECK(live.problems().empty());
    CHECK(live.picture().pixels == before.pixels);
    CHECK(live.stops() == 0);
}

TEST_CASE("A changed header counts for every shader, and work is stopped before kernels change",
          "[device][shader_watch]") {
    LiveExplorer live;
    const app::Picture before = live.picture();
    live.save("draw.h", live.source("draw.h") + "what is this\n");
    REQUIRE(live.update());
    REQUIRE(live.problems().size() == 1);  // the same of every shader that includes it
    CHECK(live.problems()[0].contains("draw.h"));
    CHECK(live.stops() == 1);
    CHECK(live.picture().pixels == before.pixels);
}

TEST_CASE("Without a folder nothing is watched", "[device][shader_watch]") {
    ShaderWatch watch("");
    CHECK_FALSE(watch.isWatching());
    CHECK_FALSE(watch.update(device(), [] { FAIL("stopped"); }));
}

}  // namespace tests
