#pragma once

#include "engine/barrier_tracker.h"
#include "engine/buffer.h"
#include "engine/device.h"
#include "engine/kernel.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

namespace engine {

struct CommandSlot;
using Ranges = std::initializer_list<BufferRange>;

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

    // Hands the work to the device; the object is spent. Host writes made before are visible to the work,
    // the work's writes are visible to the host after Device::wait. Then calls the device's pacer.
    Ticket submit();
    // Hands over what is recorded so far, as submit() does, and goes on with an empty recording.
    Ticket flush();

private:
    void begin();
    void dispatchRaw(const Kernel& kernel, uint64_t invocations, std::span<const std::byte> push,
                     Ranges reads, Ranges writes);
    void orderAfter(std::span<const BufferRange> reads, std::span<const BufferRange> writes);

    Device& m_device;
    CommandSlot* m_slot = nullptr;
    BarrierTracker m_barriers;
};

// Copies a range to the host, through a temporary buffer where it is not mapped. Waits for all work submitted
// so far.
void readBack(Device& device, const BufferRange& range, std::span<std::byte> to);

}  // namespace engine
