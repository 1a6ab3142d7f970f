#include "tests/explorer_fixture.h"

#include "tests/device_fixture.h"
#include "tests/source_folder.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace tests {

app::Session sampleSession(const std::string& tensor) {
    app::Session session;
    session.inputs = {sourceFile("assets/fashion_cnn.safetensors")};
    session.tensor = tensor;
    session.isTableShown = false;
    return session;
}

Viewer::Viewer(const app::Session& session, const app::PictureSize& size)
    : explorer(device(), uint64_t{256} << 20, quant::CountingPath::Auto),
      offscreen(device(), explorer, size) {
    explorer.show(session);
}

uint32_t pixelAt(const app::Picture& picture, float x, float y) {
    const auto inside = [](float at, uint32_t extent) {
        return static_cast<size_t>(std::clamp(at, 0.0f, static_cast<float>(extent - 1)));
    };
    uint32_t colour = 0;
    std::memcpy(
        &colour,
        picture.pixels.data() + 4 * (inside(y, picture.height) * picture.width + inside(x, picture.width)),
        4);
    return colour;
}

glm::vec2 placeOf(const app::LaidOutFigure& figure, double x, double y) {
    return app::pixelOf(figure.layout.plot, figure.figure.x, figure.figure.y, x, y);
}

bool hasGoldens() {
    const char* driver = std::getenv("CLIPSCOPE_TEST_DRIVER");
    return !driver || std::string_view(driver) == "lavapipe";
}

}  // namespace tests
