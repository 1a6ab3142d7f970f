#include "app/explorer/frame_probe.h"

#include "app/plot/painter.h"
#include "app/plot/theme.h"
#include "engine/commands.h"

#include <cmath>
#include <cstring>
#include <vector>

namespace app {

namespace {

constexpr uint32_t width = 1280, height = 720, curves = 5, points = 512;

// [x of every point], then [curve][y of every point]: parabolas over the octaves.
std::vector<float> curvePoints() {
    std::vector<float> values;
    for (uint32_t i = 0; i < points; ++i) values.push_back(static_cast<float>(i) / (points - 1));
    for (uint32_t curve = 0; curve < curves; ++curve) {
        for (uint32_t i = 0; i < points; ++i) {
            const float x = values[i] - 0.3f - 0.1f * static_cast<float>(curve);
            values.push_back(0.1f + 0.1f * static_cast<float>(curve) + x * x);
        }
    }
    return values;
}

}  // namespace

FrameProbe::FrameProbe(engine::Device& device)
    : m_device(device),
      m_image(device, width, height, "frame probe"),
      m_host(device, engine::MemoryKind::Upload, "frame probe"),
      m_scratch(device, engine::MemoryKind::Device, "frame probe") {
    const auto values = curvePoints();
    m_points = engine::Buffer(device, values.size() * sizeof(float), engine::MemoryKind::Upload, "points");
    std::memcpy(m_points.mapped().data(), values.data(), values.size() * sizeof(float));
    m_points.flush();
    constexpr uint64_t rowBytes = points * sizeof(float);
    for (uint32_t curve = 0; curve < curves; ++curve) {
        m_figure.layers.emplace_back(Curve{.x = {{m_points, 0, rowBytes}, points},
                                           .y = {{m_points, (curve + 1) * rowBytes, rowBytes}, points},
                                           .colour = darkTheme().series[curve]});
    }
    const TextMeasure measure = [](std::string_view text) {
        return glm::vec2(7 * static_cast<float>(text.size()), 16);
    };
    m_layout = layOut(m_figure, {0, 0, width, height}, darkTheme(), measure, 16);
}

void FrameProbe::draw() {
    m_device.wait(m_last);
    m_host.reset();
    m_scratch.reset();
    engine::Commands commands(m_device);
    Painter painter(m_device, commands, m_host, m_scratch, {width, height}, 1);
    const Painter::Drawing drawing = painter.prepare(m_figure, m_layout);
    m_host.flush();
    commands.beginDrawing(m_image, {0, 0, 0, 1}, painter.reads());
    for (const auto& step : drawing) step(commands);
    commands.endDrawing();
    m_last = commands.submit();
}

}  // namespace app
