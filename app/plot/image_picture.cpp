#include "app/plot/image_picture.h"

#include "engine/commands.h"

namespace app {

Picture pictureOf(engine::Device& device, const engine::Image& image) {
    const engine::Buffer pixels(device, image.sizeBytes(), engine::MemoryKind::Readback, "picture");
    engine::Commands commands(device);
    commands.copy(image, pixels);
    device.wait(commands.submit());
    pixels.invalidate();
    const auto bytes = pixels.mapped().first(image.sizeBytes());
    return {image.width(), image.height(), {bytes.begin(), bytes.end()}};
}

}  // namespace app
