#include "app/plot/frame_arena.h"

#include <algorithm>

namespace app {

namespace {

constexpr uint64_t smallestBlockBytes = uint64_t{256} << 10;

}  // namespace

engine::BufferRange FrameArena::allocate(uint64_t sizeBytes) {
    const uint64_t size = (std::max<uint64_t>(sizeBytes, 1) + 15) / 16 * 16;
    if (m_blocks.empty() || m_blocks.back().used + size > m_blocks.back().buffer->sizeBytes()) {
        const uint64_t grown =
            m_blocks.empty() ? smallestBlockBytes : 2 * m_blocks.back().buffer->sizeBytes();
        m_blocks.push_back(
            {std::make_unique<engine::Buffer>(m_device, std::max(size, grown), m_kind, m_name)});
    }
    Block& block = m_blocks.back();
    block.used += size;
    return {*block.buffer, block.used - size, sizeBytes};
}

std::vector<engine::BufferRange> FrameArena::used() const {
    std::vector<engine::BufferRange> ranges;
    for (const Block& block : m_blocks) {
        if (block.used > 0) ranges.push_back({*block.buffer, 0, block.used});
    }
    return ranges;
}

void FrameArena::flush() const {
    for (const Block& block : m_blocks) block.buffer->flush();
}

void FrameArena::reset() {
    // The last block is the largest: later frames like this one fit it.
    if (m_blocks.size() > 1) m_blocks.erase(m_blocks.begin(), m_blocks.end() - 1);
    if (!m_blocks.empty()) m_blocks.back().used = 0;
}

}  // namespace app
