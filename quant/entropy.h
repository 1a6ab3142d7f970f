#pragma once

#include "quant/linear_histogram.h"
#include "quant/number_format.h"

#include <cstdint>
#include <span>

namespace quant {

// Levels of magnitude that the entropy calibrator counts on a grid: 2^(B-1) signed, 2^B unsigned.
constexpr uint32_t entropyLevels(const NumberFormat& grid) {
    return 1u << (grid.isSigned ? grid.bits - 1 : grid.bits);
}

// KL(p‖q) in nats when the first `kept` bins (levels to linearBins) are kept; infinite where nothing would be
// kept. counts: linearBins of them. Error below 1e-12 for up to 2^44 elements.
double entropyDivergence(std::span<const uint64_t> counts, uint32_t kept, uint32_t levels);

// The number of bins to keep: of all from `levels` to linearBins that which diverges least. What diverges by
// no more than 1e-10 nats more counts as equal, and of equal ones the smallest is taken. Every bin where
// there are no more bins than levels, or no element. Cost: 2048·levels steps at most, a few milliseconds for
// 8 bits.
uint32_t entropyKeptBins(std::span<const uint64_t> counts, uint32_t levels);

// The clip: the upper edge of the last bin kept, kept/2048 of the largest magnitude, rounded to float.
float entropyClip(std::span<const uint64_t> counts, const NumberFormat& grid, float largest);

}  // namespace quant
