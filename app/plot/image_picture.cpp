#include "app/plot/image_picture.h"

#include "engine/commands.h"

#include <utility>

namespace app {

Picture pictureOf(engine::Device& device, const engine::Image& image) {
    const engine::Buffer pixels(device, image.sizeBytes(), engine::MemoryKind::Readback, "picture");
    engine::Commands commands(device);
    commands.copy(image, pixels);
    device.wait(commands.submit());
    pixels.invalidate();
    const auto bytes = pixels.mapped().first(image.sizeBytes());
    Picture picture{image.width(), image.height(), {bytes.begin(), bytes.end()}};
    for (size_t i = 0; i < picture.pixels.size(); i += 4) std::swap(picture.pixels[i], picture.pixels[i + 2]);
    return picture;
}

}  // namespace app
