// The entropy calibrator: the clip whose quantized histogram loses least information. Source: S. Migacz,
// "8-bit Inference with TensorRT", GPU Technology Conference 2017. Of 2048 bins the first i are kept; p is
// their histogram with the mass beyond added to the last. q: the kept bins, without that mass, are merged
// into the levels of the grid (level l takes the bins from floor(l·i/L) to below floor((l + 1)·i/L)) and each
// level's mass is spread evenly over those of its bins in which p is not zero. Both are normalised.
//
// Where the talk leaves a choice, or this differs:
//
// The clip is the right edge i·w of the kept bins, so that the last candidate is the maximum; the talk takes
// the middle of the next bin, (i + ½)·w.
//
// q is zero where p is not in one case: the tail falls into a last level that holds nothing itself. Then q
// has the mass of half an element there. A candidate that keeps no element at all is ruled out.
//
// Zeros are left out, as in OCTAV: every grid has a level for them. (The mass of a rectified activation's
// zeros would else drown the rest, and make the narrowest candidates win.)
#include "quant/entropy.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace quant {

namespace {

constexpr double halfElement = 0.5, tie = 1e-10;

// The logarithm of a count: most are small and come from a table.
double logOf(double mass) {
    static const auto table = [] {
        std::vector<double> logs(4096);
        for (size_t i = 1; i < logs.size(); ++i) logs[i] = std::log(static_cast<double>(i));
        return logs;
    }();
    const auto i = static_cast<size_t>(mass);
    return i < table.size() && static_cast<double>(i) == mass ? table[i] : std::log(mass);
}

long double timesLog(double mass) {
    return mass > 0 ? static_cast<long double>(mass) * static_cast<long double>(logOf(mass)) : 0.0L;
}

// Sums over the bins before each, from which a level of any candidate follows at once, and the filled bins.
class PrefixSums {
public:
    explicit PrefixSums(std::span<const uint64_t> counts) {
        m_sums.reserve(counts.size() + 1);
        m_sums.emplace_back();
        for (uint32_t bin = 0; bin < counts.size(); ++bin) {
            if (counts[bin] > 0) m_filled.push_back(bin);
            const auto mass = static_cast<double>(counts[bin]);
            m_sums.push_back({m_sums.back().mass + mass, m_sums.back().timesLogs + timesLog(mass),
                              static_cast<uint32_t>(m_filled.size())});
        }
    }

    double total() const { return m_sums.back().mass; }

    // Walks the levels that hold anything.
    double divergence(uint32_t kept, uint32_t levels) const {
        const double inside = m_sums[kept].mass;
        if (inside == 0) return total() == 0 ? 0 : HUGE_VAL;
        const uint32_t lastBegin = (levels - 1) * kept / levels;
        long double sum = 0;
        for (uint32_t next = 0; next < m_sums[lastBegin].filled;) {
            // The level of bin b is the largest l with floor(l·kept/levels) <= b.
            const uint32_t level = ((m_filled[next] + 1) * levels - 1) / kept;
            const uint32_t begin = level * kept / levels, end = (level + 1) * kept / levels;
            const uint32_t filled = m_sums[end].filled - m_sums[begin].filled;
            next = m_sums[end].filled;
            if (filled == 1) continue;  // one filled bin is its level exactly
            const double levelMass = mass(begin, end);
            sum += m_sums[end].timesLogs - m_sums[begin].timesLogs;
            sum -= static_cast<long double>(levelMass * (logOf(levelMass) - logOf(filled)));
        }
        return finish(lastBegin, kept, sum);
    }

private:
    struct Sums {
        double mass = 0;
        long double timesLogs = 0;  // Σ h log h
        uint32_t filled = 0;
    };

    double mass(uint32_t begin, uint32_t end) const { return m_sums[end].mass - m_sums[begin].mass; }

    // Adds the last level, with the tail in its last bin, and normalises: with counts h, levels of mass M
    // over n bins, N elements of which K are kept, KL = (1/N)·Σ(h log h - h log(M/n)) + log(K/N).
    double finish(uint32_t begin, uint32_t kept, long double sum) const {
        double inside = m_sums[kept].mass, levelMass = mass(begin, kept);
        const double tail = total() - inside, atEnd = mass(kept - 1, kept) + tail, all = levelMass + tail;
        const uint32_t filled = m_sums[kept - 1].filled - m_sums[begin].filled + (atEnd > 0 ? 1 : 0);
        if (levelMass == 0 && tail > 0) {
            levelMass = halfElement;
            inside += halfElement;
        }
        if (filled > 1 || tail > 0) {
            sum += m_sums[kept - 1].timesLogs - m_sums[begin].timesLogs + timesLog(atEnd);
            sum -= static_cast<long double>(all * (logOf(levelMass) - logOf(filled)));
        }
        return static_cast<double>(sum) / total() + std::log(inside / total());
    }

    std::vector<Sums> m_sums;
    std::vector<uint32_t> m_filled;
};

}  // namespace

double entropyDivergence(std::span<const uint64_t> counts, uint32_t kept, uint32_t levels) {
    return PrefixSums(counts).divergence(kept, levels);
}

uint32_t entropyKeptBins(std::span<const uint64_t> counts, uint32_t levels) {
    if (levels >= linearBins) return linearBins;
    const PrefixSums sums(counts);
    if (sums.total() == 0) return linearBins;
    std::vector<double> divergences;
    for (uint32_t kept = levels; kept <= linearBins; ++kept)
        divergences.push_back(sums.divergence(kept, levels));
    const double least = std::ranges::min(divergences);
    const auto first = std::ranges::find_if(divergences, [&](double d) { return d <= least + tie; });
    return levels + static_cast<uint32_t>(first - divergences.begin());
}

float entropyClip(std::span<const uint64_t> counts, const NumberFormat& grid, float largest) {
    return static_cast<float>(double{largest} * entropyKeptBins(counts, entropyLevels(grid)) / linearBins);
}

}  // namespace quant
