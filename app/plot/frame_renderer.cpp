#include "app/plot/frame_renderer.h"

#include "app/plot/painter.h"
#include "engine/graphics_pipeline.h"
#include "shaders/draw.h"

#include <imgui.h>

#include <algorithm>

namespace app {

namespace {

// Marks the place of a figure in a draw list; never called.
void figurePlace(const ImDrawList*, const ImDrawCmd*) {}

std::array<float, 4> channels(Colour colour) {
    std::array<float, 4> result;
    for (size_t i = 0; i < 4; ++i) result[i] = static_cast<float>(colour >> (8 * i) & 255) / 255.0f;
    return result;
}

void addText(ImDrawList& list, const TextItem& item, float scale) {
    const ImVec2 position(item.position.x * scale, item.position.y * scale);
    if (item.background >> 24) {
        const float padding = textPadding * scale;
        list.AddRectFilled(
            {position.x - padding, position.y - padding},
            {position.x + item.size.x * scale + padding, position.y + item.size.y * scale + padding},
            item.background, 3 * scale);
    }
    list.AddText(position, item.colour, item.text.data(), item.text.data() + item.text.size());
}

FrameArena hostArena(engine::Device& device) {
    return {device, engine::MemoryKind::Upload, "frame"};
}

FrameArena scratchArena(engine::Device& device) {
    return {device, engine::MemoryKind::Device, "curves in pixels"};
}

}  // namespace

void addFigure(ImDrawList& list, const LaidOutFigure& placed, size_t index, float scale) {
    list.AddCallback(figurePlace, reinterpret_cast<void*>(index));
    list.AddCallback(ImDrawCallback_ResetRenderState, nullptr);
    for (const auto* items : {&placed.layout.texts, &placed.layout.annotations}) {
        for (const TextItem& item : *items) addText(list, item, scale);
    }
    for (const LegendItem& item : placed.layout.legend) addText(list, item.text, scale);
}

// Where the triangles of a frame lie.
struct FrameRenderer::Triangles {
    struct List {
        engine::BufferRange vertices, indices;
    };
    std::vector<List> lists;
};

FrameRenderer::FrameRenderer(engine::Device& device)
    : m_device(device),
      m_slots{Slot{hostArena(device), scratchArena(device), {}},
              Slot{hostArena(device), scratchArena(device), {}},
              Slot{hostArena(device), scratchArena(device), {}}} {}

FrameRenderer::Slot& FrameRenderer::nextSlot() {
    m_current = (m_current + 1) % m_slots.size();
    Slot& slot = m_slots[m_current];
    m_device.wait(slot.lastUse);
    slot.host.reset();
    slot.scratch.reset();
    return slot;
}

void FrameRenderer::uploadAtlas(ImFontAtlas& atlas) {
    unsigned char* pixels = nullptr;
    int width = 0, height = 0;
    atlas.GetTexDataAsAlpha8(&pixels, &width, &height);
    if (pixels == m_atlasPixels) return;
    const auto columns = static_cast<size_t>(width), rows = static_cast<size_t>(height);
    m_atlas =
        engine::Buffer(m_device, columns * rows * sizeof(uint32_t), engine::MemoryKind::Upload, "font atlas");
    const auto words = m_atlas.mappedAs<uint32_t>();
    for (size_t row = 0; row < rows; ++row) {
        const unsigned char *upper = pixels + row * columns,
                            *lower = pixels + std::min(row + 1, rows - 1) * columns;
        for (size_t column = 0; column < columns; ++column) {
            const size_t right = std::min(column + 1, columns - 1);
            words[row * columns + column] = uint32_t{upper[column]} | uint32_t{upper[right]} << 8 |
                                            uint32_t{lower[column]} << 16 | uint32_t{lower[right]} << 24;
        }
    }
    m_atlas.flush();
    m_atlasPixels = pixels;
}

FrameRenderer::Triangles FrameRenderer::upload(const ImDrawData& data, FrameArena& arena) {
    static_assert(sizeof(ImDrawVert) == 20 && sizeof(ImDrawIdx) == 2, "as shaders/draw/ui.vert reads them");
    Triangles triangles;
    for (int i = 0; i < data.CmdListsCount; ++i) {
        const ImDrawList& list = *data.CmdLists[i];
        triangles.lists.push_back(
            {arena.upload(std::span<const ImDrawVert>(list.VtxBuffer.begin(), list.VtxBuffer.end())),
             arena.upload(std::span<const ImDrawIdx>(list.IdxBuffer.begin(), list.IdxBuffer.end()))});
    }
    return triangles;
}

engine::Ticket FrameRenderer::draw(const engine::Image& image, const ImDrawData& data, ImFontAtlas& atlas,
                                   std::span<const LaidOutFigure> figures, float scale, Colour background) {
    Slot& slot = nextSlot();
    uploadAtlas(atlas);
    const glm::vec2 imageSize(image.width(), image.height());
    engine::Commands commands(m_device);
    Painter painter(m_device, commands, slot.host, slot.scratch, imageSize, scale);
    std::vector<Painter::Drawing> drawings;
    for (const LaidOutFigure& placed : figures)
        drawings.push_back(painter.prepare(placed.figure, placed.layout));
    const Triangles triangles = upload(data, slot.host);
    slot.host.flush();

    const engine::GraphicsPipeline& pipeline = m_device.graphicsPipeline("ui");
    shaders::UiPush push{.atlas = m_atlas.address(),
                         .imageSize = imageSize,
                         .origin = {data.DisplayPos.x, data.DisplayPos.y},
                         .scale = {1, 1},
                         .atlasWidth = static_cast<uint32_t>(atlas.TexWidth),
                         .atlasHeight = static_cast<uint32_t>(atlas.TexHeight)};
    commands.beginDrawing(image, channels(background), painter.reads());
    for (int i = 0; i < data.CmdListsCount; ++i) {
        const auto& [vertices, indices] = triangles.lists[static_cast<size_t>(i)];
        push.vertices = vertices.address();
        push.indices = indices.address();
        for (const ImDrawCmd& command : data.CmdLists[i]->CmdBuffer) {
            if (command.UserCallback == figurePlace) {
                for (const auto& step : drawings.at(reinterpret_cast<size_t>(command.UserCallbackData)))
                    step(commands);
                continue;
            }
            if (command.UserCallback) continue;
            const ImVec4& clip = command.ClipRect;
            commands.clipTo({static_cast<int32_t>(clip.x - data.DisplayPos.x),
                             static_cast<int32_t>(clip.y - data.DisplayPos.y),
                             static_cast<int32_t>(clip.z - data.DisplayPos.x),
                             static_cast<int32_t>(clip.w - data.DisplayPos.y)});
            push.firstIndex = command.IdxOffset;
            push.firstVertex = command.VtxOffset;
            commands.draw(pipeline, command.ElemCount, 1, push);
        }
    }
    commands.endDrawing();
    slot.lastUse = commands.submit();
    return slot.lastUse;
}

}  // namespace app
