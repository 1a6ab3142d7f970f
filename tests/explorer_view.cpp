#include "tests/explorer_view.h"

#include "app/plot/plot_layout.h"
#include "tests/device_fixture.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

namespace tests {

namespace {

constexpr uint64_t memoryBytes = uint64_t{512} << 20;

}  // namespace

app::Session sessionOf(const quant::tests::TempFolder& folder, std::span<const float> values,
                       const std::vector<uint64_t>& shape, app::View view) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
    for (const uint64_t extent : shape) header += std::to_string(extent) + ", ";
    header += ")}";
    header.resize(117, ' ');
    header += '\n';
    const auto bytes = std::as_bytes(values);
    // Magic, version 1.0 and the header's length: https://numpy.org/neps/nep-0001-npy-format.html
    const std::string file = std::string("\x93NUMPY\x01\0\x76\0", 10) + header +
                             std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    app::Session session;
    session.inputs = {folder.write("values.npy", file)};
    session.view = view;
    session.isTableShown = false;
    return session;
}

ExplorerView::ExplorerView(const app::Session& session, const app::PictureSize& size)
    : explorer(device(), memoryBytes, quant::CountingPath::Auto), offscreen(device(), explorer, size) {
    explorer.show(session);
}

void ExplorerView::point(size_t index, double x, double y) {
    const app::LaidOutFigure& at = figure(index);
    const glm::vec2 pixel = app::pixelOf(at.layout.plot, at.figure.x, at.figure.y, x, y);
    explorer.feed(app::PointerMoved{pixel.x, pixel.y});
    offscreen.frame();
}

void ExplorerView::click() {
    explorer.feed(app::PointerButton{0, true});
    offscreen.frame();
    explorer.feed(app::PointerButton{0, false});
    offscreen.frame();
    offscreen.frame();
}

void ExplorerView::hold(int key, bool isDown) {
    explorer.feed(app::KeyPressed{key, isDown});
    offscreen.frame();
}

void ExplorerView::press(int key) {
    hold(key, true);
    hold(key, false);
}

app::Colour ExplorerView::colourAt(const app::Picture& picture, size_t index, double x, double y) const {
    const app::LaidOutFigure& at = figure(index);
    const glm::vec2 pixel = app::pixelOf(at.layout.plot, at.figure.x, at.figure.y, x, y);
    const auto place = [](float coordinate, uint32_t extent) {
        return std::clamp(static_cast<int64_t>(std::floor(coordinate)), int64_t{0}, int64_t{extent} - 1);
    };
    const int64_t column = place(pixel.x, picture.width), row = place(pixel.y, picture.height);
    app::Colour colour = 0;
    std::memcpy(&colour, picture.pixels.data() + 4 * (row * picture.width + column), 4);
    return colour;
}

int colourDifference(app::Colour a, app::Colour b) {
    int most = 0;
    for (int shift = 0; shift < 24; shift += 8)
        most =
            std::max(most, std::abs(static_cast<int>(a >> shift & 255) - static_cast<int>(b >> shift & 255)));
    return most;
}

}  // namespace tests
