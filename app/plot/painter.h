#pragma once

#include "app/plot/figure.h"
#include "app/plot/frame_arena.h"
#include "app/plot/plot_layout.h"
#include "engine/commands.h"
#include "shaders/draw.h"

#include <functional>
#include <span>
#include <vector>

namespace app {

// Draws a laid out figure, but for its texts, with the pipelines of shaders/draw. Curves, bars and heat maps
// are read from the device's buffers that the figure names.
class Painter {
public:
    // Of one frame. `host` is memory that the host writes, `scratch` such that kernels write; both must live
    // until the frame is done. scale: pixels of a logical pixel.
    Painter(engine::Device& device, engine::Commands& commands, FrameArena& host, FrameArena& scratch,
            const glm::vec2& imageSize, float scale);

    // What to do once drawing has begun.
    using Drawing = std::vector<std::function<void(engine::Commands&)>>;

    // Uploads what the figure holds itself, records the kernels that turn curves into pixels, and returns the
    // draws. Needs to come before Commands::beginDrawing, which needs reads() of all figures.
    Drawing prepare(const Figure& figure, const PlotLayout& layout);

    // The device's buffers that the draws of all prepared figures read.
    std::vector<engine::BufferRange> reads() const;

private:
    struct Place;  // of the layers: the plot and its axes, in pixels

    void add(const Place& place, const Curve& curve);
    void add(const Place& place, const Bars& bars);
    void add(const Place& place, const Marks& marks);
    void add(const Place& place, const Path& path);
    void add(const Place& place, const Markers& markers);
    void add(const Place& place, const Boxes& boxes);
    void add(const Place& place, const HeatMap& map);
    void addLegend(const PlotLayout& layout);

    void drawLines(std::span<const LineItem> lines);
    void drawSegments(std::span<const shaders::Segment> segments);
    void drawMarkers(std::span<const shaders::Marker> markers);
    void drawBoxes(std::span<const shaders::FilledBox> boxes);
    void clipTo(const Rect& rect);
    uint64_t rampAddress(bool isDiverging);

    engine::Device& m_device;
    engine::Commands& m_commands;
    FrameArena& m_host;
    FrameArena& m_scratch;
    glm::vec2 m_imageSize;
    float m_scale;
    Drawing m_drawing;
    std::vector<engine::BufferRange> m_reads;
    uint64_t m_ramps[2] = {};
};

}  // namespace app
