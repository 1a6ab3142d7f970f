#pragma once

#include "engine/buffer.h"

#include <cstdint>
#include <vector>

namespace tests {

// Memory for floats that a layer writes, with words around them that it must leave alone.
class ResultBuffer {
public:
    explicit ResultBuffer(uint64_t count);
    // What is to be there before.
    explicit ResultBuffer(const std::vector<float>& values);

    engine::BufferRange range() const;
    // Fails the test where a word around them has changed. Waits for all work.
    std::vector<float> values() const;
    const engine::Buffer& buffer() const { return m_buffer; }

private:
    uint64_t m_count;
    engine::Buffer m_buffer;
};

}  // namespace tests
