// The OCTAV recursion on exact counts and sums. An iterate splits one bin of the profile: that bin is refined
// by the next ten bits of the float, and the part that the iterate splits then by the last ten. The recursion
// is walked with estimates where a refinement is not there yet; what it asked for is then counted in one go,
// and the walk repeated, until nothing was asked for.
#include "quant/octav_iterates.h"

#include "quant/float_bits.h"
#include "quant/linear_spread.h"
#include "quant/octav.h"
#include "shaders/refine.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace quant {

namespace {

// The magnitudes from pattern `first` on that agree with it but for the low `restBits`.
struct Cell {
    uint32_t first = 0, restBits = 0;
    uint64_t count = 0;
    long double sum = 0;

    uint32_t last() const { return first + (1u << restBits) - 1; }
};

// Adds what lies above s in the cell, if its elements are spread linearly.
void addEstimate(ClipSplit& split, const Cell& cell, double s) {
    const double start = fromBits(cell.first),
                 unit = std::ldexp(0x1p-149, static_cast<int>(shiftOf(cell.first)));
    const double width = unit * std::ldexp(1.0, static_cast<int>(cell.restBits));
    const auto count = static_cast<double>(cell.count);
    const LinearSpread spread((static_cast<double>(cell.sum) / count - start) / width);
    const double t = (s - start) / width, below = spread.countBelow(t);
    split.beyond += count * (1 - below);
    split.sumBeyond += static_cast<double>(cell.sum) - count * (start * below + width * spread.sumBelow(t));
}

class RefinedSplits {
public:
    RefinedSplits(const Profile& profile, Sides sides)
        : m_profile(profile), m_sides(sides), m_above(Profile::finiteBins + 1) {
        for (uint32_t bin = Profile::finiteBins; bin-- > 0;) {
            m_above[bin] = m_above[bin + 1];
            m_above[bin].count += profile.count(bin, sides);
            m_above[bin].sum += profile.sum(bin, sides);
        }
    }

    // Exact, or estimated where a refinement is missing, which is then noted.
    ClipSplit at(double s) {
        // The elements above s are those above the largest float up to it.
        auto nearest = static_cast<float>(s);
        const uint32_t bits =
            std::min(magnitudeBits(nearest) - (double{nearest} > s ? 1 : 0), largestFiniteBits);
        const uint32_t bin = bits >> 20;
        const auto& above = m_above[bin + 1];
        ClipSplit split{0, static_cast<double>(above.count), inUnits(above.sum.approximate())};
        Cell cell{bin << 20, 20, m_profile.count(bin, m_sides),
                  m_profile.sum(bin, m_sides).approximate() * oneUnit};
        while (cell.restBits > 0 && cell.count > 0 && bits != cell.last()) {
            const uint32_t prefix = bits >> cell.restBits;
            const auto known = m_refined.find({cell.restBits, prefix});
            if (known == m_refined.end()) {
                m_missing.insert({cell.restBits, prefix});
                addEstimate(split, cell, s);
                break;
            }
            cell = descend(split, known->second, bits, cell.restBits - shaders::refinedBits);
        }
        split.inside = static_cast<double>(m_above[0].count) - split.beyond;
        return split;
    }

    // Counts what at() missed since the last call; false when that is nothing.
    bool refine(ProfilePass& passes, TensorStream& stream) {
        for (const uint32_t restBits : {20u, 10u}) {
            std::vector<uint32_t> prefixes;
            for (const auto& [rest, prefix] : m_missing) {
                if (rest == restBits) prefixes.push_back(prefix);
            }
            for (RefinedBin& bin : passes.refine(stream, restBits == 20 ? 2 : 3, m_sides, prefixes))
                m_refined.emplace(std::pair(restBits, bin.prefix), std::move(bin));
        }
        const bool wasMissing = !m_missing.empty();
        m_missing.clear();
        return wasMissing;
    }

private:
    struct Sum {
        uint64_t count = 0;
        WideInt sum;
    };

    static double inUnits(long double units) { return static_cast<double>(units * oneUnit); }

    // Adds the refined bins above the one that holds `bits`; returns that one.
    static Cell descend(ClipSplit& split, const RefinedBin& refined, uint32_t bits, uint32_t restBits) {
        const uint32_t firstBits = refined.prefix << shaders::refinedBits,
                       shift = shiftOf(firstBits << restBits);
        const auto sumOf = [&](uint32_t i) -> Uint128 {
            return Uint128{refined.counts[i]} * significandOf((firstBits | i) << restBits) + refined.rests[i];
        };
        const uint32_t own = bits >> restBits & (shaders::refinedBins - 1);
        uint64_t count = 0;
        Uint128 sum = 0;
        for (uint32_t i = own + 1; i < shaders::refinedBins; ++i) {
            count += refined.counts[i];
            if (refined.counts[i] > 0) sum += sumOf(i);
        }
        const auto wide = [&](Uint128 value) {
            return std::ldexp(static_cast<long double>(value), static_cast<int>(shift));
        };
        split.beyond += static_cast<double>(count);
        split.sumBeyond += inUnits(wide(sum));
        return {(firstBits | own) << restBits, restBits, refined.counts[own], wide(sumOf(own)) * oneUnit};
    }

    const Profile& m_profile;
    Sides m_sides;
    std::vector<Sum> m_above;                                       // of the bins from each on
    std::map<std::pair<uint32_t, uint32_t>, RefinedBin> m_refined;  // by rest bits and prefix
    std::set<std::pair<uint32_t, uint32_t>> m_missing;
};

}  // namespace

std::vector<double> exactOctavIterates(ProfilePass& passes, TensorStream& stream, const Profile& profile,
                                       Sides sides, uint64_t inverseNoiseFactor, float root) {
    RefinedSplits splits(profile, sides);
    for (;;) {
        auto iterates = octavIterates(profile.meanMagnitude(sides), inverseNoiseFactor, root,
                                      [&](double s) { return splits.at(s); });
        if (!splits.refine(passes, stream)) return iterates;
    }
}

}  // namespace quant
