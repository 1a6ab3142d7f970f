#pragma once

#include "quant/magnitude_query.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace quant {

// A percentile 0 < P <= 100, held exactly as a decimal with nine digits after the point.
class Percentile {
public:
    // Parses "99.9". Throws std::invalid_argument for anything else or out of range.
    explicit Percentile(std::string_view text);
    const std::string& text() const { return m_text; }

    // Nearest rank: how many of n elements must be at or below the percentile, 1 to n (0 for n = 0).
    uint64_t rank(uint64_t elements) const;

private:
    std::string m_text;
    uint64_t m_billionths = 0;  // P * 10^9
};

// Holds from the magnitude on at which `rank` elements lie at or below it, counting `zeros` elements at zero.
class RankPredicate : public MagnitudePredicate {
public:
    RankPredicate(uint64_t rank, uint64_t zeros) : m_rank(rank), m_zeros(zeros) {}
    bool holds(uint32_t, const Tally& tally) const override { return tally.atOrBelow + m_zeros >= m_rank; }

private:
    uint64_t m_rank, m_zeros;
};

}  // namespace quant
