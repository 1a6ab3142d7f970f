#pragma once

#include "app/explorer/explorer.h"
#include "app/plot/png_file.h"

#include <cstdint>

namespace app {

// The size of a picture: logical pixels, and how many pixels of the picture each is.
struct PictureSize {
    uint32_t width = 1280, height = 720;
    float scale = 1;

    uint32_t pixelsWide() const { return static_cast<uint32_t>(static_cast<float>(width) * scale + 0.5f); }
    uint32_t pixelsHigh() const { return static_cast<uint32_t>(static_cast<float>(height) * scale + 0.5f); }
};

// Draws an explorer without a display. Time stands still but for a sixtieth of a second a frame.
class Offscreen {
public:
    // Throws std::invalid_argument for sizes that the device cannot draw, engine::NoDevice where it cannot
    // draw at all.
    Offscreen(engine::Device& device, Explorer& explorer, const PictureSize& size);

    // A frame, once everything is computed.
    Picture finished();
    // A frame, after work has passed so many places where it may pause: the same ones every time.
    Picture afterPauses(uint64_t pauses);
    // A frame without any work.
    Picture frame();

private:
    void draw();

    engine::Device& m_device;
    Explorer& m_explorer;
    PictureSize m_size;
    engine::Image m_image;
};

}  // namespace app
