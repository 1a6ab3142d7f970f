#pragma once

#include "app/plot/frame_arena.h"
#include "app/plot/plot_layout.h"
#include "engine/device.h"
#include "engine/image.h"

#include <cstdint>

namespace app {

// Draws a typical plot without texts over and over, to see how long that takes: five curves of 512 points
// each over a grid, 1280x720.
class FrameProbe {
public:
    // Throws engine::NoDevice where the device cannot draw.
    explicit FrameProbe(engine::Device& device);

    // Records and submits one frame, after the last is done.
    void draw();

private:
    engine::Device& m_device;
    engine::Image m_image;
    engine::Buffer m_points;
    FrameArena m_host, m_scratch;
    Figure m_figure;
    PlotLayout m_layout;
    engine::Ticket m_last;
};

}  // namespace app
