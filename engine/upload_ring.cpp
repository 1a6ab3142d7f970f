#include "engine/upload_ring.h"

#include "engine/error.h"

#include <algorithm>

namespace engine {

namespace {

constexpr uint64_t smallestSlotBytes = uint64_t{1} << 20;

}  // namespace

UploadRing::UploadRing(Device& device, uint64_t slotBytes, uint32_t slots)
    : m_device(device), m_slotBytes(std::max<uint64_t>(slotBytes, 16)) {
    for (;;) {
        try {
            allocate(slots);
            return;
        } catch (const OutOfMemory&) {
            m_slots.clear();
            if (m_slotBytes / 2 < smallestSlotBytes) throw;
            m_slotBytes /= 2;
        }
    }
}

void UploadRing::allocate(uint32_t slots) {
    for (uint32_t i = 0; i < slots; ++i) {
        Slot slot;
        slot.data = Buffer(m_device, m_slotBytes, MemoryKind::Device, "upload slot");
        if (slot.data.mapped().empty())
            slot.staging = Buffer(m_device, m_slotBytes, MemoryKind::Upload, "staging slot");
        m_slots.push_back(std::move(slot));
    }
}

std::span<std::byte> UploadRing::next() {
    m_current = (m_current + 1) % m_slots.size();
    Slot& slot = m_slots[m_current];
    m_device.wait(slot.ticket);
    const auto& host = slot.data.mapped().empty() ? slot.staging : slot.data;
    return host.mapped().first(m_slotBytes);
}

BufferRange UploadRing::upload(Commands& commands, uint64_t sizeBytes) {
    Slot& slot = m_slots[m_current];
    if (slot.data.mapped().empty()) {
        slot.staging.flush();
        commands.copy({slot.staging, 0, sizeBytes}, {slot.data, 0, sizeBytes});
    } else {
        slot.data.flush();
    }
    return {slot.data, 0, sizeBytes};
}

void UploadRing::usedBy(Ticket ticket) {
    m_slots[m_current].ticket = ticket;
}

}  // namespace engine
