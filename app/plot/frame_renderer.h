#pragma once

#include "app/plot/figure.h"
#include "app/plot/frame_arena.h"
#include "app/plot/plot_layout.h"
#include "engine/commands.h"
#include "engine/image.h"

#include <array>
#include <span>
#include <vector>

struct ImDrawData;
struct ImDrawList;
struct ImFontAtlas;

namespace app {

// A figure and where everything of it lies in a frame.
struct LaidOutFigure {
    Figure figure;
    PlotLayout layout;
};

// Puts a figure among the things that a draw list shows: FrameRenderer draws figures[index] at that point.
// The texts of its layout are added to the list as well.
void addFigure(ImDrawList& list, const LaidOutFigure& placed, size_t index, float scale);

// Draws frames: what Dear ImGui laid out, and figures in its midst. Without a display, or for one.
class FrameRenderer {
public:
    explicit FrameRenderer(engine::Device& device);

    // Draws a frame on the whole image. data is in the image's pixels; figures in logical ones, `scale`
    // pixels each. atlas: the fonts, one byte a texel. Returns when the work is submitted.
    engine::Ticket draw(const engine::Image& image, const ImDrawData& data, ImFontAtlas& atlas,
                        std::span<const LaidOutFigure> figures, float scale, Colour background);

private:
    struct Slot {
        FrameArena host, scratch;
        engine::Ticket lastUse;
    };
    Slot& nextSlot();
    void uploadAtlas(ImFontAtlas& atlas);
    struct Triangles;
    Triangles upload(const ImDrawData& data, FrameArena& arena);

    engine::Device& m_device;
    std::array<Slot, 3> m_slots;
    size_t m_current = 0;
    engine::Buffer m_atlas;
    const void* m_atlasPixels = nullptr;  // that m_atlas holds
};

}  // namespace app
