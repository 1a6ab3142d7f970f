#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace engine {

// A span of device addresses, [begin, end).
struct AddressRange {
    uint64_t begin = 0;
    uint64_t end = 0;
};

// Decides where barriers go in a sequence of operations that declare what they read and write. Addresses
// travel in push constants, where the synchronization validation of the layers cannot see them, so this is
// the one place that orders accesses.
class BarrierTracker {
public:
    // True when the operation must be preceded by a barrier: it reads what was written, or writes what was
    // read or written, since the last barrier. The operation is then recorded as coming after it.
    bool needsBarrier(std::span<const AddressRange> reads, std::span<const AddressRange> writes);

private:
    std::vector<AddressRange> m_reads, m_writes;  // since the last barrier
};

}  // namespace engine
