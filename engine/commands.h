#pragma once

#include "engine/barrier_tracker.h"
#include "engine/buffer.h"
#include "engine/device.h"
#include "engine/graphics_pipeline.h"
#include "engine/image.h"
#include "engine/kernel.h"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

namespace engine {

struct CommandSlot;
using Ranges = std::initializer_list<BufferRange>;

// A rectangle of pixels, y downwards; right and bottom are beyond the last.
struct PixelRect {
    int32_t left = 0, top = 0, right = 0, bottom = 0;
};

// One recording of device work. Every operation declares what it reads and writes; barriers follow from that.
// Submissions run in order, and everything of an earlier one is visible to a later one.
class Commands {
public:
    explicit Commands(Device& device);
    ~Commands();
    Commands(const Commands&) = delete;
    Commands& operator=(const Commands&) = delete;

    // Runs the kernel on at least `invocations` invocations, rounded up to whole workgroups; nothing for 0.
    // Beyond the device's workgroup limit along x the grid gets a y dimension: shaders number workgroups by
    // workgroupIndex() of shaders/compute/grid.glsl. Push is the struct of the kernel family's shared header.
    template <class Push>
    void dispatch(const Kernel& kernel, uint64_t invocations, const Push& push, Ranges reads, Ranges writes) {
        static_assert(sizeof(Push) <= 128, "Vulkan guarantees 128 bytes of push constants");
        dispatchRaw(kernel, invocations, std::as_bytes(std::span(&push, 1)), reads, writes);
    }

    void copy(const BufferRange& from, const BufferRange& to);  // from.sizeBytes bytes
    void fill(const BufferRange& range, uint32_t word);         // offset and size in whole words

    // Draws on the whole image, which is cleared to `background` (red, green, blue, alpha in 0 to 1). `reads`
    // is all that the draws read, since nothing can wait once drawing has begun. Until endDrawing() only
    // draw(), drawQuads() and clipTo() may come.
    void beginDrawing(const Image& image, const std::array<float, 4>& background,
                      std::span<const BufferRange> reads);
    // Limits what follows to a part of the image; what lies outside the image is cut off.
    void clipTo(const PixelRect& rect);
    // Shaders see gl_VertexIndex below `vertices` (three a triangle), gl_InstanceIndex below `instances`.
    // Clip space is -1 to 1 from left to right and from top to bottom.
    template <class Push>
    void draw(const GraphicsPipeline& pipeline, uint32_t vertices, uint32_t instances, const Push& push) {
        static_assert(sizeof(Push) <= 128, "Vulkan guarantees 128 bytes of push constants");
        drawRaw(pipeline, Shape::Triangles, vertices, instances, std::as_bytes(std::span(&push, 1)));
    }
    // Draws instances of a rectangle, whose corners gl_VertexIndex numbers: 0 and 1 share an edge, and so do
    // 2 and 3, which lie opposite 0 and 1.
    template <class Push>
    void drawQuads(const GraphicsPipeline& pipeline, uint32_t instances, const Push& push) {
        static_assert(sizeof(Push) <= 128, "Vulkan guarantees 128 bytes of push constants");
        drawRaw(pipeline, Shape::Strip, 4, instances, std::as_bytes(std::span(&push, 1)));
    }
    void endDrawing();
    // The picture as rows from the top of 4 bytes a pixel: blue, green, red, alpha. to.sizeBytes is at least
    // from.sizeBytes().
    void copy(const Image& from, const BufferRange& to);

    // Hands the work to the device; the object is spent. Host writes made before are visible to the work,
    // the work's writes are visible to the host after Device::wait. Then calls the device's pacer.
    Ticket submit();
    // Hands over what is recorded so far, as submit() does, and goes on with an empty recording.
    Ticket flush();

private:
    void begin();
    void dispatchRaw(const Kernel& kernel, uint64_t invocations, std::span<const std::byte> push,
                     Ranges reads, Ranges writes);
    enum class Shape { Triangles, Strip };
    void drawRaw(const GraphicsPipeline& pipeline, Shape shape, uint32_t vertices, uint32_t instances,
                 std::span<const std::byte> push);
    void orderAfter(std::span<const BufferRange> reads, std::span<const BufferRange> writes);

    Device& m_device;
    CommandSlot* m_slot = nullptr;
    const Image* m_image = nullptr;  // that is being drawn on
    BarrierTracker m_barriers;
};

// Copies a range to the host, through a temporary buffer where it is not mapped. Waits for all work submitted
// so far.
void readBack(Device& device, const BufferRange& range, std::span<std::byte> to);

}  // namespace engine
