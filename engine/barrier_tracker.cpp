#include "engine/barrier_tracker.h"

#include <algorithm>

namespace engine {

namespace {

bool overlaps(std::span<const AddressRange> some, std::span<const AddressRange> others) {
    return std::ranges::any_of(some, [&](const AddressRange& a) {
        return std::ranges::any_of(others,
                                   [&](const AddressRange& b) { return a.begin < b.end && b.begin < a.end; });
    });
}

}  // namespace

bool BarrierTracker::needsBarrier(std::span<const AddressRange> reads, std::span<const AddressRange> writes) {
    const bool needed = overlaps(reads, m_writes) || overlaps(writes, m_writes) || overlaps(writes, m_reads);
    if (needed) {
        m_reads.clear();
        m_writes.clear();
    }
    m_reads.insert(m_reads.end(), reads.begin(), reads.end());
    m_writes.insert(m_writes.end(), writes.begin(), writes.end());
    return needed;
}

}  // namespace engine
