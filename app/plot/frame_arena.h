#pragma once

#include "engine/buffer.h"
#include "engine/device.h"

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace app {

// Memory for what one frame brings along: handed out piece by piece, taken back all at once. Grows to what
// frames need.
class FrameArena {
public:
    FrameArena(engine::Device& device, engine::MemoryKind kind, std::string name)
        : m_device(device), m_kind(kind), m_name(std::move(name)) {}

    // A piece of uninitialized memory, 16-byte aligned, until reset().
    engine::BufferRange allocate(uint64_t sizeBytes);

    // Copies values into a piece; for arenas that the host can write.
    template <class T>
    engine::BufferRange upload(std::span<const T> values) {
        const engine::BufferRange range = allocate(values.size_bytes());
        std::memcpy(range.buffer->mapped().data() + range.offset, values.data(), values.size_bytes());
        return range;
    }

    // All that has been handed out since the last reset().
    std::vector<engine::BufferRange> used() const;
    // Makes the host's writes visible to work that is submitted afterwards.
    void flush() const;
    // Takes everything back. The device must be done with it.
    void reset();

private:
    struct Block {
        std::unique_ptr<engine::Buffer> buffer;
        uint64_t used = 0;
    };
    engine::Device& m_device;
    engine::MemoryKind m_kind;
    std::string m_name;
    std::vector<Block> m_blocks;
};

}  // namespace app
