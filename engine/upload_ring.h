#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace engine {

// Streams host bytes to the device through a few slots, so that filling one overlaps the work on another.
// Where memory is unified the host writes straight into what the kernels read; elsewhere each slot has a
// staging buffer.
class UploadRing {
public:
    // slotBytes per slot; total memory is slots * slotBytes, twice that without unified memory. When memory
    // runs out the slots are halved, down to 1 MiB, before OutOfMemory is thrown.
    UploadRing(Device& device, uint64_t slotBytes, uint32_t slots);

    uint64_t slotBytes() const { return m_slotBytes; }

    // Host bytes of the next slot, once the device is done with what was there. Call upload() after filling
    // them.
    std::span<std::byte> next();
    // Records what brings `sizeBytes` of the current slot to the device and returns where they will be.
    BufferRange upload(Commands& commands, uint64_t sizeBytes);
    // Says which submission uses the current slot.
    void usedBy(Ticket ticket);

private:
    struct Slot {
        Buffer staging, data;
        Ticket ticket;
    };
    void allocate(uint32_t slots);

    Device& m_device;
    uint64_t m_slotBytes;
    std::vector<Slot> m_slots;
    size_t m_current = 0;
};

}  // namespace engine
